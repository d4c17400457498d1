import { defineStack, http, postgres, redis } from "rollcall";

/**
 * HAPI with similarity: DataStorage asks the embedding service to order equal scores. DataStorage refers to embedding, so
 * embedding comes first; and on free ports it runs beside the stack of rollcall.config.ts.
 */
export default defineStack({
  name: "hapi-similarity",
  services: {
    postgres: postgres({
      image: "docker.io/library/postgres:16-alpine",
      user: "slm_user",
      password: "test_password",
      database: "action_history",
      budget: "30s",
    }),
    redis: redis({ image: "docker.io/library/redis:7-alpine", budget: "10s" }),
    embedding: {
      build: "services/embedding",
      process: ["node", "services/embedding/dist/main.js"],
      ports: { http: 8086 },
      envFile: "config/embedding.env",
      env: ({ self }) => ({ EMBEDDING_SERVICE_HOST: self.host, EMBEDDING_SERVICE_PORT: self.port }),
      ready: http("/health"),
      budget: "30s",
    },
    datastorage: {
      build: "services/datastorage",
      process: ["node", "services/datastorage/dist/main.js"],
      ports: { http: 8080, metrics: 9090 },
      envFile: "config/datastorage.env",
      env: ({ postgres, redis, embedding, self }) => ({
        DB_HOST: postgres.host,
        DB_PORT: postgres.port,
        DB_NAME: postgres.database,
        DB_USER: postgres.user,
        DB_PASSWORD: postgres.password,
        REDIS_HOST: redis.host,
        REDIS_PORT: redis.port,
        EMBEDDING_URL: embedding.url,
        LISTEN_HOST: self.host,
        PORT: self.port,
        METRICS_PORT: self.ports("metrics").port,
      }),
      ready: http("/health"),
      budget: "30s",
    },
  },
  exports: ({ datastorage }) => ({ DATA_STORAGE_URL: datastorage.url }),
});
