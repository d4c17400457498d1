import { defineStack, http, postgres, redis } from "rollcall";

/** HAPI's integration tests: four services, one after another. hapi.yaml says the same. */
export default defineStack({
  name: "hapi",
  services: {
    postgres: postgres({
      image: "docker.io/library/postgres:16-alpine",
      port: 15435,
      user: "slm_user",
      password: "test_password",
      database: "action_history",
      envFile: "config/postgres.env",
      budget: "30s",
    }),
    redis: redis({
      image: "docker.io/library/redis:7-alpine",
      port: 16381,
      envFile: "config/redis.env",
      budget: "10s",
    }),
    datastorage: {
      build: {
        context: "services/datastorage",
        alias: "localhost/kubernaut-datastorage:integration-test",
      },
      process: ["node", "services/datastorage/dist/main.js"],
      ports: { http: "18094:8080", metrics: "19095:9090" },
      envFile: "config/datastorage.env",
      env: ({ postgres, redis, self }) => ({
        DB_HOST: postgres.host,
        DB_PORT: postgres.port,
        DB_NAME: postgres.database,
        DB_USER: postgres.user,
        DB_PASSWORD: postgres.password,
        REDIS_HOST: redis.host,
        REDIS_PORT: redis.port,
        LISTEN_HOST: self.host,
        PORT: self.port,
        METRICS_PORT: self.ports("metrics").port,
      }),
      ready: http("/health"),
      budget: "30s",
    },
    embedding: {
      build: {
        context: "services/embedding",
        alias: "localhost/kubernaut-embedding-service:integration-test",
      },
      process: ["node", "services/embedding/dist/main.js"],
      ports: { http: "18001:8086" },
      envFile: "config/embedding.env",
      env: ({ self }) => ({ EMBEDDING_SERVICE_HOST: self.host, EMBEDDING_SERVICE_PORT: self.port }),
      ready: http("/health"),
      budget: "30s",
    },
  },
  exports: ({ postgres, redis, datastorage, embedding }) => ({
    DATA_STORAGE_URL: datastorage.url,
    DATA_STORAGE_METRICS_URL: datastorage.ports("metrics").url,
    EMBEDDING_SERVICE_URL: embedding.url,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
  }),
});
