import { knownImages } from "./image-table.ts";
import {
  anyAnswer,
  httpProbe,
  type ImageUse,
  type KnownImage,
  type ProbeOnPort,
  repositoryOf,
  tagOf,
} from "./image-types.ts";

const shells = /^(\/\S*\/)?(sh|bash|ash|dash|zsh)$/;
/** Where a program's name stands in a shell's line. */
const before =
  "(?:^|\\bexec\\s+|\\s-c\\s+|[;&|(]\\s*|entrypoint\\S*\\s+|gosu\\s+\\S+\\s+|su-exec\\s+\\S+\\s+|\\bthen\\s+)(?:(?:/[\\w.-]+)*/)?";

/** By the repository's name; the registry, the owner, the tag and the digest do not matter. */
export function knownImage(reference: string | undefined): KnownImage | undefined {
  if (reference === undefined) return undefined;
  const repository = repositoryOf(reference);
  // `server` alone says nothing, and SQL Server's repository is called so.
  if (/(^|\/)server$/.test(repository) && !repository.includes("mssql")) return undefined;
  const name = repository.split("/").at(-1) ?? "";
  return knownImages.find(({ names }) => new RegExp(`^(?:${names})$`).test(name));
}

/** The known server, unless the file lets the image run something else: a client, a script, a one-shot. */
export function serverOf(use: ImageUse | undefined, declared: readonly number[]): KnownImage | undefined {
  const known = knownImage(use?.reference);
  if (use === undefined || known === undefined) return undefined;
  if (declared.includes(known.portOf?.(use) ?? known.port)) return known;
  const [first] = use.words;
  if (first === undefined || first.startsWith("-")) return known;
  if (known.programs === undefined) return shells.test(first) ? undefined : known;
  const line = use.words.join(" ");
  return new RegExp(`${before}(?:${known.programs})(?=$|[\\s;&|)'"])`).test(line) ? known : undefined;
}

/** What by custom speaks on a port, for images that nobody knows. */
export function probeOfPort(port: number, reference: string | undefined): ProbeOnPort | undefined {
  const use: ImageUse = { reference: "", env: {}, words: [], confs: [] };
  // A login is needed for these, and only their image's variables tell it.
  const silent = ["postgresql", "redis", "http", "tcp"];
  const server = knownImages.find((image) => image.port === port && !silent.includes(image.scheme));
  if (server !== undefined && port !== 25) return server.probe(use);
  if (reference !== undefined && /fpm/.test(tagOf(reference))) return undefined;
  if (port === 443 || port === 8443) return httpProbe("/", { status: anyAnswer, tls: true });
  return isWebPort(port) ? httpProbe("/", { status: anyAnswer }) : undefined;
}

export function isWebPort(port: number): boolean {
  return /^(80|[34]000|3[0-2]0[0-9]|4200|4321|500[01]|5173|5601|80[0-9]{2}|81[0-9]{2}|8761|88[0-9]{2}|9000|909[01]|9200|15672)$/.test(
    String(port),
  );
}
