/** `postgres:16` → `docker.io/library/postgres:16`: engines differ in what they make of short names. */
export function fullReference(reference: string): string {
  const { registry, path } = split(reference);
  const tagged = /[:@][^/]*$/.test(path) ? path : `${path}:latest`;
  if (registry !== undefined) return `${registry}/${tagged}`;
  return tagged.includes("/") ? `docker.io/${tagged}` : `docker.io/library/${tagged}`;
}

/** `localhost/…` names what was built here; no registry has it. */
export function isLocalOnly(reference: string): boolean {
  return split(reference).registry === "localhost";
}

/** The registry's host; Docker Hub by default. */
export function registryOf(reference: string): string {
  return split(reference).registry ?? "docker.io";
}

/** Without the tag, and the tag or digest. */
export function splitTag(reference: string): { readonly repository: string; readonly tag: string } {
  const match = /^(.*?)(?::([^:/@]+))?(?:@(.+))?$/.exec(reference);
  return { repository: match?.[1] ?? reference, tag: match?.[2] ?? "latest" };
}

/** The first part is a registry when it looks like a host. */
function split(reference: string): { readonly registry: string | undefined; readonly path: string } {
  const slash = reference.indexOf("/");
  const first = reference.slice(0, Math.max(0, slash));
  const isHost = slash > 0 && (/[.:]/.test(first) || first === "localhost");
  return isHost
    ? { registry: first, path: reference.slice(slash + 1) }
    : { registry: undefined, path: reference };
}
