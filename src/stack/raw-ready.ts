import { z } from "zod";
import {
  duration,
  flag,
  label,
  limitDuration,
  mapping,
  nonEmpty,
  path,
  says,
  text,
  textMap,
} from "./raw-parts.ts";
import { handshakeProtocols } from "./types.ts";

const portName = { port: label.optional().meta({ description: "Name of a port; the first by default." }) };
const status = z
  .number({ error: "an HTTP status" })
  .int({ error: "an HTTP status" })
  .min(100, { error: "an HTTP status" })
  .max(599, {
    error: "an HTTP status",
  });

const range = z.string().regex(/^[1-5]\d\d-[1-5]\d\d$/, { error: 'a range such as "200-499"' });

const http = z.strictObject(
  {
    path: text.regex(/^\/[^\s\0]*$/, { error: 'a path such as "/health"' }),
    ...portName,
    method: text.regex(/^[A-Z]+$/, { error: 'a method such as "GET"' }).optional(),
    status: z
      .union([status, range, z.array(status).min(1, { error: "at least one status" })], {
        error: "an HTTP status, or a list of them",
      })
      .optional(),
    headers: textMap.optional(),
    headerMatch: textMap.optional(),
    bodyMatch: nonEmpty.optional(),
    tls: z
      .union([flag, z.strictObject({ insecure: flag.optional(), caFile: path.optional() }, mapping)], {
        error: "true, false, or a mapping with insecure and caFile",
      })
      .optional(),
  },
  mapping,
);
const argv = z.array(text).min(1, { error: 'a command such as ["pg_isready"]' });
const timesError = { error: "a whole number from 1 to 1000" };
const times = z.number(timesError).int(timesError).min(1, timesError).max(1000, timesError);
const yes = z.literal(true, { error: "true" });
const httpPath = text.regex(/^\/[^\s\0]*$/, { error: 'a path such as "/health"' });
const protocol = z.enum(handshakeProtocols, { error: `one of ${handshakeProtocols.join(", ")}` });

export const probe = z
  .strictObject(
    {
      http: z
        .union([httpPath, http], { error: 'a path such as "/health", or a mapping with path' })
        .optional(),
      tcp: z
        .union([yes, z.strictObject(portName, mapping)], { error: "true, or a mapping with port" })
        .optional(),
      exec: z
        .union(
          [
            argv,
            z.strictObject(
              { command: argv, timeout: limitDuration.optional(), interval: duration.optional() },
              mapping,
            ),
          ],
          { error: 'a command such as ["pg_isready"], or a mapping with command, timeout and interval' },
        )
        .optional(),
      log: z
        .union([nonEmpty, z.strictObject({ pattern: nonEmpty, times: times.optional() }, mapping)], {
          error: "a regular expression, or a mapping with pattern and times",
        })
        .optional(),
      postgres: z
        .strictObject({ ...portName, user: nonEmpty, password: text, database: nonEmpty }, mapping)
        .optional(),
      redis: z
        .union(
          [
            yes,
            z.strictObject({ ...portName, username: text.optional(), password: text.optional() }, mapping),
          ],
          { error: "true, or a mapping with port, username and password" },
        )
        .optional(),
      handshake: z
        .union([protocol, z.strictObject({ protocol, ...portName }, mapping)], {
          error: "a protocol, or a mapping with protocol and port",
        })
        .optional(),
      running: yes.optional().meta({ description: "That it runs is all that can be asked of it." }),
    },
    says("a probe such as {http: /health}"),
  )
  .meta({ description: "Exactly one of http, tcp, exec, log, postgres, redis and handshake." });

export const ready = z.union([probe, z.array(probe).min(1, { error: "at least one probe" })], {
  error: "a probe such as {http: /health}, or a list of probes that must all be ready",
});
