import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** The header that lets the engine pull as the user whose credentials the engines' own files hold. */
export async function registryAuth(
  registry: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Readonly<Record<string, string>>> {
  const keys =
    registry === "docker.io"
      ? ["https://index.docker.io/v1/", "docker.io"]
      : [registry, `https://${registry}`];
  for (const file of credentialFiles(env)) {
    const auths = await readAuths(file);
    const auth = keys.map((key) => auths?.[key]?.auth).find((value) => value !== undefined);
    if (auth === undefined) continue;
    const [username = "", ...password] = Buffer.from(auth, "base64").toString().split(":");
    const login = { username, password: password.join(":"), serveraddress: keys[0] };
    return { "X-Registry-Auth": Buffer.from(JSON.stringify(login)).toString("base64url") };
  }
  return {};
}

function credentialFiles(env: NodeJS.ProcessEnv): readonly string[] {
  const home = env["HOME"] ?? homedir();
  const runtime = env["XDG_RUNTIME_DIR"];
  return [
    ...(env["REGISTRY_AUTH_FILE"] === undefined ? [] : [env["REGISTRY_AUTH_FILE"]]),
    ...(runtime === undefined ? [] : [join(runtime, "containers/auth.json")]),
    join(env["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
  ];
}

async function readAuths(
  file: string,
): Promise<Readonly<Record<string, { readonly auth?: string }>> | undefined> {
  try {
    const { auths } = JSON.parse(await readFile(file, "utf8")) as {
      readonly auths?: Record<string, { auth?: string }>;
    };
    return auths;
  } catch {
    return undefined;
  }
}
