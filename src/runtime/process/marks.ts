import type { RunIdentity } from "../types.ts";

/** In the environment of every process that a run starts. */
export const runMark = "ROLLCALL_RUN";
export const unitMark = "ROLLCALL_UNIT";

export function marksOf(run: Pick<RunIdentity, "id">, unit: string): Readonly<Record<string, string>> {
  return { [runMark]: run.id, [unitMark]: unit };
}

const inherited =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|XDG_.*|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS)$/;

/** What a service gets of our own environment: enough to find programs and folders, nothing that configures it. */
export function baseEnvironment(from: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const entries = Object.entries(from).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && inherited.test(entry[0]),
  );
  return { PATH: "/usr/local/bin:/usr/bin:/bin", ...Object.fromEntries(entries) };
}
