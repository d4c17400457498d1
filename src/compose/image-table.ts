import type { HandshakeProtocol } from "../stack/types.ts";
import { keycloakImage } from "./image-keycloak.ts";
import { postgresImage } from "./image-postgres.ts";
import { redisImage } from "./image-redis.ts";
import {
  anyAnswer,
  type Env,
  type HttpAnswer,
  httpProbe,
  type ImageUse,
  type KnownImage,
  tagOf,
} from "./image-types.ts";
import { portOption } from "./options-of.ts";

const speaks = (
  names: string,
  port: number,
  protocol: HandshakeProtocol,
  more: Partial<KnownImage> = {},
): KnownImage => ({
  names,
  port,
  scheme: protocol,
  probe: () => (name) => ({ kind: "handshake", protocol, port: name }),
  ...more,
});

const answers = (names: string, port: number, path = "/", answer: HttpAnswer = {}): KnownImage => ({
  names,
  port,
  scheme: "http",
  probe: () => httpProbe(path, answer),
});

const any: HttpAnswer = { status: anyAnswer };

/** Nothing but a connection proves them. */
const listens = (names: string, port: number): KnownImage => ({
  names,
  port,
  scheme: "tcp",
  probe: () => (name) => ({ kind: "tcp", port: name }),
});

/** TLS unless it has been switched off, from the version on that does so. */
const searches = (names: string, tls: (use: ImageUse) => boolean): KnownImage => ({
  names,
  port: 9200,
  scheme: "http",
  probe: (use) => httpProbe("/", { status: [200, 401], tls: tls(use) }),
});

/** The port of a listener for clients; 9092 if it is among them. */
function kafkaPort(env: Env): number | undefined {
  const listeners = env["KAFKA_LISTENERS"] ?? env["KAFKA_CFG_LISTENERS"] ?? env["KAFKA_ADVERTISED_LISTENERS"];
  const ports = [...(listeners ?? "").matchAll(/(\w+):\/\/[^:,]*:(\d+)/g)]
    .filter(([, name = ""]) => !/CONTROLLER/.test(name))
    .map(([, , port]) => Number(port));
  return ports.includes(9092) ? 9092 : ports[0];
}

const isOff = (value: string | undefined) => /^(false|0|off|no)$/i.test(value ?? "");
const isOn = (value: string | undefined) => /^(true|1|on|yes)$/i.test(value ?? "");

const servers: readonly KnownImage[] = [
  postgresImage,
  redisImage,
  speaks("mysql|mariadb|percona|percona-server|mysql-server|mariadb-galera", 3306, "mysql", {
    programs: "mysqld|mysqld_safe|mariadbd|docker-entrypoint\\.sh",
    initServer: true,
    portOf: ({ words, env }) =>
      portOption(words, ["--port", "-P"], env) ?? (Number(env["MYSQL_TCP_PORT"]) || undefined),
  }),
  speaks("rabbitmq", 5672, "amqp", { programs: "rabbitmq-server|docker-entrypoint\\.sh" }),
  speaks("kafka|cp-kafka|kafka-native|cp-server", 9092, "kafka", {
    programs: "kafka-server-start(?:\\.sh)?|run|launch|configure|entrypoint\\.sh",
    portOf: ({ env }) => kafkaPort(env),
  }),
  speaks("redpanda", 9092, "kafka", { programs: "redpanda|rpk" }),
  speaks("mongo|mongodb|mongodb-community-server|percona-server-mongodb", 27_017, "mongodb", {
    programs: "mongod|docker-entrypoint\\.sh",
    initServer: true,
    portOf: ({ words, env }) => portOption(words, ["--port"], env),
  }),
  speaks("memcached", 11_211, "memcached", { programs: "memcached" }),
  speaks("nats|nats-streaming", 4222, "nats", { programs: "nats-server" }),
  speaks("zookeeper|cp-zookeeper", 2181, "zookeeper", { programs: "zkServer\\.sh|run" }),
  speaks("cassandra|scylla", 9042, "cassandra", { programs: "cassandra|docker-entrypoint\\.sh" }),
  speaks("mailhog|mailpit|maildev|mailcatcher", 1025, "smtp"),
  speaks("smtp4dev", 25, "smtp"),
  searches(
    "elasticsearch",
    ({ reference, env }) =>
      Number.parseInt(tagOf(reference), 10) >= 8 &&
      !isOff(env["xpack.security.enabled"]) &&
      !isOff(env["xpack.security.http.ssl.enabled"]),
  ),
  searches(
    "opensearch",
    ({ env }) =>
      !isOn(env["DISABLE_SECURITY_PLUGIN"]) &&
      !isOn(env["plugins.security.disabled"]) &&
      !isOff(env["plugins.security.ssl.http.enabled"]),
  ),
  listens("mssql-server|server|azure-sql-edge", 1433),
  listens("oracle-xe|oracle-free|oracle-database", 1521),
  listens("eclipse-mosquitto|mosquitto|emqx|hivemq-ce", 1883),
  listens("openldap|osixia-openldap", 389),
  listens("temporal|auto-setup", 7233),
  {
    names: "cockroach",
    port: 8080,
    scheme: "http",
    probe: ({ words }) => httpProbe("/health?ready=1", { tls: !words.join(" ").includes("--insecure") }),
  },
];

/** The image's own command is a server for development, which begins unsealed; others wait for whoever unseals them. */
const vault: KnownImage = {
  ...answers("vault|openbao", 8200),
  probe: ({ words }) => {
    const isDevelopment = words.length === 0 || /(^|\s)-dev(\s|$)/.test(words.join(" "));
    const status = isDevelopment ? [200] : [200, 429, 472, 473, 501, 503];
    return httpProbe("/v1/sys/health", { status });
  },
};

/** It answers while its init scripts still run, which versions from 1.1 on tell. */
const localstack: KnownImage = {
  ...answers("localstack|localstack-pro", 4566),
  probe: ({ reference }) =>
    Number.parseFloat(tagOf(reference)) < 1.1
      ? httpProbe("/_localstack/health")
      : httpProbe("/_localstack/init/ready", { bodyMatch: '"completed":\\s*true' }),
};

const web: readonly KnownImage[] = [
  // Its other paths also answer 200 before it can store anything.
  answers("minio", 9000, "/minio/health/cluster"),
  localstack,
  answers("dynamodb-local", 8000, "/", any),
  answers("azurite", 10_000, "/", any),
  answers("elasticmq|elasticmq-native", 9324, "/", any),
  answers("grafana|grafana-oss|grafana-enterprise", 3000, "/api/health"),
  answers("prometheus", 9090, "/-/ready"),
  answers("alertmanager", 9093, "/-/ready"),
  answers("pushgateway", 9091, "/-/ready"),
  answers("loki", 3100, "/ready"),
  answers("tempo", 3200, "/ready"),
  answers("all-in-one|jaeger", 16_686),
  answers("zipkin|zipkin-slim", 9411, "/health"),
  answers("kibana|opensearch-dashboards", 5601, "/api/status", any),
  // Without a leader it answers "".
  answers("consul", 8500, "/v1/status/leader", { bodyMatch: '"[^"]+"' }),
  vault,
  answers("etcd", 2379, "/health"),
  answers("influxdb", 8086, "/health", { status: [200, 204] }),
  answers("clickhouse|clickhouse-server", 8123, "/ping"),
  // 404: it is in maintenance, or still being seeded.
  answers("couchdb", 5984, "/_up", { status: [200, 401] }),
  answers("neo4j", 7474),
  answers("arangodb", 8529, "/", any),
  answers("solr", 8983, "/", any),
  answers("meilisearch", 7700, "/health"),
  answers("typesense", 8108, "/health"),
  answers("qdrant", 6333, "/readyz"),
  answers("weaviate", 8080, "/v1/.well-known/ready"),
  answers("cp-schema-registry", 8081, "/subjects"),
  // Its root answers before the worker has joined its group.
  answers("cp-kafka-connect|cp-kafka-connect-base|connect", 8083, "/connectors"),
  answers("cp-ksqldb-server|ksqldb-server", 8088, "/healthcheck"),
  answers("cp-kafka-rest", 8082, "/", any),
  answers("kafka-ui|adminer|wiremock|unleash-server|akhq|kafdrop", 8080, "/", any),
  keycloakImage,
  answers("mockserver", 1080, "/", any),
  answers("http-echo", 5678, "/", any),
  answers("registry", 5000, "/v2/", { status: [200, 401] }),
  answers("graphql-engine", 8080, "/healthz"),
  // Version 3 has only this path, and 4 has kept it. A hub is ready when nodes have come, which may wait for the hub.
  answers("standalone-chrome|standalone-chromium|standalone-firefox", 4444, "/wd/hub/status", {
    bodyMatch: '"ready":\\s*true',
  }),
  answers("hub", 4444, "/status", any),
  answers("pgadmin4", 80, "/misc/ping"),
  answers("mongo-express|redis-commander", 8081, "/", any),
  answers("redisinsight", 5540, "/", any),
  answers("metabase", 3000, "/api/health"),
  answers("gotenberg", 3000, "/health"),
  answers("ollama", 11_434),
  answers("n8n", 5678, "/healthz"),
  answers("ghost", 2368, "/", any),
  answers("sonarqube", 9000, "/api/system/status", { bodyMatch: '"status":\\s*"UP"' }),
  answers("gitea|postgrest|directus", 3000, "/", any),
  answers(
    "nginx|httpd|caddy|traefik|whoami|haproxy|openresty|wordpress|drupal|joomla|nextcloud|phpmyadmin|httpbin|go-httpbin",
    80,
    "/",
    any,
  ),
];

export const knownImages: readonly KnownImage[] = [...servers, ...web];
