import type { HandshakeProtocol, ProbeSpec, ProcessForm } from "../stack/types.ts";

/** What an image's name tells of the service inside. */
export interface KnownImage {
  readonly what: string;
  readonly port: number;
  readonly scheme: string;
  probe(env: Env, command: readonly string[]): ProbeOnPort;
  /** How it runs without an engine; undefined: it cannot. */
  process?(env: Env, command: readonly string[]): ProcessForm;
  facts?(env: Env): Readonly<Record<string, string>>;
}

export type Env = Readonly<Record<string, string>>;
/** A probe that does not know its port yet. */
export type ProbeOnPort = (port: string) => ProbeSpec;

const handshake = (protocol: HandshakeProtocol) => (): ProbeOnPort => (port) => ({
  kind: "handshake",
  protocol,
  port,
});

export function httpProbe(path: string, status: readonly number[]): ProbeOnPort {
  return (port) => ({
    kind: "http",
    port,
    path,
    method: "GET",
    status,
    headers: {},
    headerMatch: {},
    bodyMatch: undefined,
    tls: undefined,
  });
}

/** Any answer that is not a server's own failure. */
export const anyAnswer: readonly number[] = Array.from({ length: 300 }, (_, index) => 200 + index);

const http =
  (path: string, status: readonly number[] = [200]) =>
  () =>
    httpProbe(path, status);

function postgresLogin(env: Env): { user: string; password: string; database: string } {
  const user = env["POSTGRES_USER"] || env["POSTGRESQL_USERNAME"] || "postgres";
  return {
    user,
    password: env["POSTGRES_PASSWORD"] ?? env["POSTGRESQL_PASSWORD"] ?? "",
    database: env["POSTGRES_DB"] || env["POSTGRESQL_DATABASE"] || user,
  };
}

function redisPassword(env: Env, command: readonly string[]): string | undefined {
  const at = command.indexOf("--requirepass");
  return (at >= 0 ? command[at + 1] : undefined) ?? (env["REDIS_PASSWORD"] || undefined);
}

const images: readonly (readonly [RegExp, KnownImage])[] = [
  [
    /(^|\/)(postgres|postgresql|postgis|timescaledb|timescaledb-ha|pgvector|alloydbomni)$/,
    {
      what: "PostgreSQL",
      port: 5432,
      scheme: "postgresql",
      probe: (env) => (port) => ({ kind: "postgres", port, ...postgresLogin(env) }),
      process: (env) => ({ kind: "postgres", ...postgresLogin(env), initSql: [], settings: {} }),
      facts: postgresLogin,
    },
  ],
  [
    /(^|\/)(redis|valkey|redis-stack|redis-stack-server|keydb|dragonfly)$/,
    {
      what: "Redis",
      port: 6379,
      scheme: "redis",
      probe: (env, command) => (port) => ({
        kind: "redis",
        port,
        username: undefined,
        password: redisPassword(env, command),
      }),
      process: (env, command) => ({ kind: "redis", password: redisPassword(env, command), args: [] }),
      facts: (env) => (env["REDIS_PASSWORD"] ? { password: env["REDIS_PASSWORD"] } : {}),
    },
  ],
  [
    /(^|\/)(mysql|mariadb|percona|percona-server|mysql-server)$/,
    { what: "MySQL", port: 3306, scheme: "mysql", probe: handshake("mysql") },
  ],
  [/(^|\/)rabbitmq$/, { what: "RabbitMQ", port: 5672, scheme: "amqp", probe: handshake("amqp") }],
  [
    /(^|\/)(kafka|cp-kafka|kafka-native|redpanda)$/,
    { what: "Kafka", port: 9092, scheme: "kafka", probe: handshake("kafka") },
  ],
  [
    /(^|\/)(mongo|mongodb|mongodb-community-server)$/,
    { what: "MongoDB", port: 27_017, scheme: "mongodb", probe: handshake("mongodb") },
  ],
  [
    /(^|\/)memcached$/,
    { what: "memcached", port: 11_211, scheme: "memcached", probe: handshake("memcached") },
  ],
  [/(^|\/)nats(-streaming)?$/, { what: "NATS", port: 4222, scheme: "nats", probe: handshake("nats") }],
  [
    /(^|\/)(zookeeper|cp-zookeeper)$/,
    { what: "ZooKeeper", port: 2181, scheme: "zookeeper", probe: handshake("zookeeper") },
  ],
  [
    /(^|\/)(cassandra|scylla)$/,
    { what: "Cassandra", port: 9042, scheme: "cassandra", probe: handshake("cassandra") },
  ],
  [
    /(^|\/)(mailhog|mailpit|smtp4dev|maildev)$/,
    { what: "SMTP", port: 1025, scheme: "smtp", probe: handshake("smtp") },
  ],
  [
    /(^|\/)(elasticsearch|opensearch)$/,
    { what: "Elasticsearch", port: 9200, scheme: "http", probe: http("/", [200, 401]) },
  ],
  [/(^|\/)minio$/, { what: "MinIO", port: 9000, scheme: "http", probe: http("/minio/health/live") }],
  [
    /(^|\/)localstack(-pro)?$/,
    { what: "LocalStack", port: 4566, scheme: "http", probe: http("/_localstack/health") },
  ],
  [
    /(^|\/)grafana(-oss|-enterprise)?$/,
    { what: "Grafana", port: 3000, scheme: "http", probe: http("/api/health") },
  ],
  [/(^|\/)prometheus$/, { what: "Prometheus", port: 9090, scheme: "http", probe: http("/-/ready") }],
  [/(^|\/)consul$/, { what: "Consul", port: 8500, scheme: "http", probe: http("/v1/status/leader") }],
  [
    /(^|\/)vault$/,
    {
      what: "Vault",
      port: 8200,
      scheme: "http",
      probe: http("/v1/sys/health", [200, 429, 472, 473, 501, 503]),
    },
  ],
  [/(^|\/)etcd$/, { what: "etcd", port: 2379, scheme: "http", probe: http("/health") }],
  [/(^|\/)influxdb$/, { what: "InfluxDB", port: 8086, scheme: "http", probe: http("/health", [200, 204]) }],
  [/(^|\/)clickhouse(-server)?$/, { what: "ClickHouse", port: 8123, scheme: "http", probe: http("/ping") }],
  [
    /(^|\/)(nginx|httpd|caddy|traefik|whoami|http-echo|wiremock|mockserver|keycloak|adminer|phpmyadmin)$/,
    { what: "HTTP", port: 80, scheme: "http", probe: http("/", anyAnswer) },
  ],
];

/** By the repository's name; the registry, the tag and the digest do not matter. */
export function knownImage(reference: string | undefined): KnownImage | undefined {
  if (reference === undefined) return undefined;
  const repository = reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return images.find(([pattern]) => pattern.test(repository))?.[1];
}

/** Ports that by custom speak a known protocol, for images that nobody knows. */
export function probeOfPort(port: number): ProbeOnPort | undefined {
  const protocol = images.find(
    ([, image]) =>
      image.port === port && image.scheme !== "http" && !["postgresql", "redis"].includes(image.scheme),
  )?.[1];
  if (protocol !== undefined) return protocol.probe({}, []);
  return /^(80|443|3000|3001|4000|4200|5000|5173|80[0-9]{2}|81[0-9]{2}|88[0-9]{2}|9000|9090|9200)$/.test(
    String(port),
  )
    ? httpProbe("/", anyAnswer)
    : undefined;
}
