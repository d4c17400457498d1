/** What `rollcall run` puts into the environment; outside of it the tests say how they are run. */
function fromStack(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new Error(
    `${name} is not set. Run: rollcall run -f stacks/hapi -- npx vitest run --config stacks/hapi/vitest.config.ts`,
  );
}

export const endpoints = {
  get dataStorage() {
    return fromStack("DATA_STORAGE_URL");
  },
  get dataStorageMetrics() {
    return fromStack("DATA_STORAGE_METRICS_URL");
  },
  get embedding() {
    return fromStack("EMBEDDING_SERVICE_URL");
  },
  get database() {
    return fromStack("DATABASE_URL");
  },
  get redis() {
    return fromStack("REDIS_URL");
  },
};
