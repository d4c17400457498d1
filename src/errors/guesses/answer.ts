import { type Guess, logged, portInLog, refused, said, seen } from "../signs.ts";

/** What its answers to the probe mean. */
export const answerGuesses: readonly Guess[] = [
  {
    id: "listens-elsewhere",
    sign: "connection refused on its port, while its log says that it listens on another",
    cause: "It listens on port {other}, but {expected} is expected.",
    cure: "Make the port in the stack file and the one in its configuration the same, best by a reference to its own port.",
    find: (signs) => {
      if (seen(refused, signs) === undefined && seen(/no answer|closed|reset/i, signs) === undefined)
        return undefined;
      const other = portInLog(signs.log);
      const expected = signs.ports.flatMap(({ inside, host }) => [inside, host]);
      if (other === undefined || expected.length === 0 || expected.includes(other)) return undefined;
      return { other: String(other), expected: [...new Set(expected)].join(" or ") };
    },
  },
  {
    id: "listens-on-loopback-only",
    sign: "connection reset or refused on the published port, while its log says that it listens on 127.0.0.1",
    cause: "Inside of its container it listens on 127.0.0.1 only, where no published port reaches it.",
    cure: "Let it listen on 0.0.0.0 inside of the container.",
    find: (signs) => {
      const inContainer = signs.ports.some(({ inside, host }) => inside !== host);
      if (!inContainer || seen(/reset|refused|closed|empty/i, signs) === undefined) return undefined;
      return logged(/(?:listen|running|serving)[^\n]*(?:127\.0\.0\.1|localhost):\d+/i, signs);
    },
  },
  {
    id: "speaks-tls",
    sign: "plain HTTP where TLS is spoken, or the other way round",
    cause: "One side speaks TLS and the other does not: {said}.",
    cure: "Set the port's scheme and the probe's tls to what the service speaks.",
    find: (signs) =>
      said(
        /something else than TLS|wrong version number|client sent an HTTP request to an HTTPS server|EPROTO|packet length too long|plain HTTP request was sent to HTTPS port/i,
        signs,
      ),
  },
  {
    id: "certificate-untrusted",
    sign: "certificate errors",
    cause: "Its certificate is not trusted: {said}.",
    cure: "Name the authority's file in the probe's tls.caFile, or set tls.insecure for a certificate of its own making.",
    find: (signs) =>
      said(
        /certificate is not trusted|self[- ]signed certificate|unable to verify the first certificate|certificate has expired|certificate signed by unknown authority|altnames/i,
        signs,
      ),
  },
  {
    id: "something-else-answers",
    sign: "an answer of another protocol than the probe's",
    cause: "Something else answers on its port: {said}.",
    cure: "Correct the port or the kind of probe; if the port is another program's, stop that or use `--ports free`.",
    find: (signs) => seen(/(?:answered|offers|speaks) (?:something else than|only) [^\n]{0,80}/i, signs),
  },
  {
    id: "wrong-path",
    sign: "404 from an HTTP probe",
    cause: "It answers, but does not know the path that is asked: {said}.",
    cure: "Correct the probe's path{paths}.",
    find: (signs) => {
      const found = seen(/\b404\b[^\n]*/i, signs);
      if (found === undefined) return undefined;
      const paths = [...new Set(signs.log.flatMap((line) => line.match(healthPaths) ?? []))].slice(0, 5);
      return { ...found, paths: paths.length === 0 ? "" : `; its log names ${paths.join(", ")}` };
    },
  },
  {
    id: "wrong-method",
    sign: "405 from an HTTP probe",
    cause: "It knows the path, but not with this method.",
    cure: "Set the probe's method (GET instead of HEAD, or the other way round).",
    find: (signs) => seen(/\b405\b/, signs),
  },
  {
    id: "redirected",
    sign: "301, 302, 307 or 308 from an HTTP probe",
    cause: "It answers with a redirect, which is not followed: it would prove another address.",
    cure: "Ask the path that it points to, with a slash at the end or without.",
    find: (signs) => seen(/\b30[1278]\b/, signs),
  },
  {
    id: "unhealthy",
    sign: "500 or 503 from an HTTP probe",
    cause:
      "It answers that it is not healthy: something that it needs is missing, or its migrations have not run.",
    cure: "Read its answer and its log; put what it needs before it.",
    find: (signs) => seen(/\b50[0234]\b/, signs),
  },
];

const healthPaths = /\/(?:[\w.-]+\/)*(?:health\w*|ready\w*|live\w*|ping|status|up)\b/gi;
