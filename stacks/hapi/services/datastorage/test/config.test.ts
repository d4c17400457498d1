import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../src/config.ts";

const good = {
  DB_HOST: "db",
  DB_PORT: "5432",
  DB_NAME: "action_history",
  DB_USER: "slm_user",
  DB_PASSWORD: "test_password",
  REDIS_HOST: "redis",
  REDIS_PORT: "6379",
  LOG_LEVEL: "INFO",
};

function complaint(env: Record<string, string | undefined>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

test("the design document's set is enough; the rest has defaults", () => {
  expect(readConfig(good)).toEqual({
    db: {
      host: "db",
      port: 5432,
      name: "action_history",
      user: "slm_user",
      password: "test_password",
      poolMax: 25,
    },
    redis: { host: "redis", port: 6379 },
    logLevel: "info",
    host: "0.0.0.0",
    port: 8080,
    metricsPort: 9090,
    embeddingUrl: undefined,
    labelWildcards: "strict",
  });
});

describe("a variable that is missing or empty is named", () => {
  for (const name of Object.keys(good)) {
    test(name, () => {
      expect(complaint({ ...good, [name]: undefined })).toBe(`${name} is missing`);
      expect(complaint({ ...good, [name]: "" })).toBe(`${name} is missing`);
    });
  }
});

test.each([
  ["DB_PORT", "abc"],
  ["DB_PORT", "0"],
  ["DB_PORT", "65536"],
  ["REDIS_PORT", "-1"],
  ["PORT", "80.5"],
  ["METRICS_PORT", "http"],
  ["DB_POOL_MAX", "0"],
  ["LOG_LEVEL", "loud"],
  ["LABEL_WILDCARDS", "maybe"],
  ["EMBEDDING_URL", "not a url"],
  ["EMBEDDING_URL", "ftp://embedding"],
])("%s=%s is refused by name, in one line", (name, value) => {
  const message = complaint({ ...good, [name]: value });
  expect(message).toContain(`${name} must be`);
  expect(message).toContain(value);
  expect(message).not.toContain("\n");
});

test("every problem is told at once, and no password", () => {
  const message = complaint({ ...good, DB_PORT: "x", REDIS_HOST: "" });
  expect(message).toMatch(/DB_PORT.*REDIS_HOST/);
  expect(message).not.toContain("test_password");
});

test("the two ports must differ", () => {
  expect(complaint({ ...good, PORT: "9000", METRICS_PORT: "9000" })).toContain("METRICS_PORT must differ");
});

test("the optional ones are taken when given", () => {
  const config = readConfig({
    ...good,
    LOG_LEVEL: "WARNING",
    DB_POOL_MAX: "7",
    EMBEDDING_URL: "http://embedding:8086/",
    LABEL_WILDCARDS: "documented",
  });
  expect(config.logLevel).toBe("warn");
  expect(config.db.poolMax).toBe(7);
  expect(config.embeddingUrl).toBe("http://embedding:8086");
  expect(config.labelWildcards).toBe("documented");
});
