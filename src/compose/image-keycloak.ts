import { httpProbe, type ImageUse, type KnownImage, repositoryOf, tagOf } from "./image-types.ts";
import { optionOf } from "./options-of.ts";

/** Its root answers before there is a database behind it; the first realm does not. */
export const keycloakImage: KnownImage = {
  names: "keycloak",
  port: 8080,
  scheme: "http",
  probe: (use) => httpProbe(`${relativePathOf(use)}/realms/master`),
};

/** Everything was below /auth until version 17. */
function relativePathOf({ reference, words, env, confs }: ImageUse): string {
  const written = confs.map((text) => /^\s*http-relative-path\s*[=:]\s*(\S+)/m.exec(text)?.[1]);
  const given =
    optionOf(words, ["--http-relative-path"], env) ??
    env["KC_HTTP_RELATIVE_PATH"] ??
    env["KEYCLOAK_HTTP_RELATIVE_PATH"] ??
    written.find((path) => path !== undefined);
  if (given !== undefined) return given.replace(/\/+$/, "").replace(/^(?=[^/])/, "/");
  const isOld =
    /(^|\/)jboss\/keycloak$/.test(repositoryOf(reference)) || Number.parseInt(tagOf(reference), 10) < 17;
  return isOld ? "/auth" : "";
}
