import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { knownImage } from "../../src/compose/known-images.ts";
import { createProbe } from "../../src/probe/create.ts";

interface Answer {
  readonly status?: number;
  readonly body?: string;
}

interface Known {
  readonly image: string;
  readonly words?: readonly string[];
  readonly path: string;
  /** What it answers on this path while it starts. */
  readonly early: Answer;
  readonly ready: Answer;
}

const selenium = (ready: boolean) => ({ body: JSON.stringify({ value: { ready, message: "…" } }, null, 2) });
const sonar = (status: string) => ({ body: `{"id":"1","version":"10.4","status":"${status}"}` });
const localstack = (completed: boolean) => ({ body: JSON.stringify({ completed, scripts: [] }) });

const images: readonly Known[] = [
  { image: "sonarqube:10", path: "/api/system/status", early: sonar("STARTING"), ready: sonar("UP") },
  {
    image: "sonarqube:9",
    path: "/api/system/status",
    early: sonar("DB_MIGRATION_NEEDED"),
    ready: sonar("UP"),
  },
  {
    image: "hashicorp/consul:1.20",
    path: "/v1/status/leader",
    early: { body: '""' },
    ready: { body: '"10.1.10.12:8300"' },
  },
  {
    image: "selenium/standalone-chrome:4",
    path: "/wd/hub/status",
    early: selenium(false),
    ready: selenium(true),
  },
  { image: "minio/minio", path: "/minio/health/cluster", early: { status: 503 }, ready: {} },
  {
    image: "localstack/localstack:3.8",
    path: "/_localstack/init/ready",
    early: localstack(false),
    ready: localstack(true),
  },
  { image: "localstack/localstack:0.14", path: "/_localstack/health", early: { status: 404 }, ready: {} },
  { image: "hashicorp/vault:1.18", path: "/v1/sys/health", early: { status: 503 }, ready: {} },
  {
    image: "hashicorp/vault:1.18",
    words: ["server"],
    path: "/v1/sys/health",
    early: { status: 500 },
    ready: { status: 501 },
  },
  { image: "couchdb:3", path: "/_up", early: { status: 404 }, ready: {} },
  { image: "debezium/connect:2.7", path: "/connectors", early: { status: 404 }, ready: { body: "[]" } },
  { image: "quay.io/keycloak/keycloak:26.0", path: "/realms/master", early: { status: 404 }, ready: {} },
  { image: "jboss/keycloak", path: "/auth/realms/master", early: { status: 404 }, ready: {} },
  {
    image: "quay.io/keycloak/keycloak:26.0",
    words: ["start-dev", "--http-relative-path", "auth/"],
    path: "/auth/realms/master",
    early: { status: 404 },
    ready: {},
  },
];

let close = () => {};
afterEach(() => close());

/** A server that answers as the image's would, and 404 elsewhere. */
async function serve(path: string, answer: () => Answer) {
  const server = createServer(({ url }, response) => {
    const { status = 200, body = "" } = url === path ? answer() : { status: 404 };
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  close = () => void server.close();
  const { port } = server.address() as AddressInfo;
  return { host: "127.0.0.1", port };
}

test.each(images)("$image $words is not taken for ready while it says 'not yet' on $path", async (known) => {
  const { image, words = [], path, early, ready } = known;
  let answer = early;
  const address = await serve(path, () => answer);
  const spec = knownImage(image)?.probe({ reference: image, words, env: {}, confs: [] })("http");
  const probe = createProbe(spec as NonNullable<typeof spec>, { address: () => address } as never);
  const look = async () => (await probe.look({ signal: AbortSignal.timeout(10_000) })).verdict;
  expect(await look()).toBe("not-yet");
  answer = ready;
  expect(await look()).toBe("ready");
});
