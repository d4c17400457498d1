import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useService } from "./rig/running.ts";
import { labels, type Sample, workflow } from "./rig/samples.ts";

const running = useService();
const post = (body: unknown) => running.service.client.post("/api/v1/workflows", body);
const get = (path: string) => running.service.client.get(`/api/v1/workflows${path}`);
const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("create", () => {
  test("answers 201 with the whole object, as does reading it", async () => {
    const sent = workflow({
      container_image: "registry/oom@sha256:abc",
      container_digest: "sha256:abc",
      parameters: { limit: "512Mi", factor: 1.5 },
      custom_labels: { team: ["payments", "*"] },
      detected_labels: { gitOpsManaged: true, gitOpsTool: "argocd" },
      owner: "sre",
      maintainer: "sre@example.com",
      previous_version: "0.9.0",
      version_notes: "first",
      change_summary: "all new",
      approved_by: "ada",
      approved_at: "2025-12-23T10:00:00Z",
      expected_success_rate: 0.95,
      expected_duration_seconds: 120,
      created_by: "ada",
    });
    const { status, body } = await post(sent);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...sent, approved_at: "2025-12-23T10:00:00.000Z" });
    expect(body.workflow_id).toMatch(UUID4);
    expect(body).toMatchObject({ is_latest_version: true, total_executions: 0, successful_executions: 0 });
    expect(Date.parse(body.created_at)).toBeGreaterThan(Date.now() - 600_000);
    expect(Date.parse(body.updated_at)).not.toBeNaN();
    expect((await get(`/${body.workflow_id}`)).body).toEqual(body);
  });

  test("detected_labels is always there, other unset fields are absent", async () => {
    const { body } = await post(workflow());
    expect(body.detected_labels).toEqual({});
    expect(body).not.toHaveProperty("owner");
    expect(body).not.toHaveProperty("disabled_at");
    expect((await post(workflow({ detected_labels: {} }))).body.detected_labels).toEqual({});
  });

  test("null means absent for optional fields, unknown fields are accepted", async () => {
    const { status, body } = await post(
      workflow({ owner: null, parameters: null, maintainer: null, surprise: 1 }),
    );
    expect(status).toBe(201);
    expect(body).not.toHaveProperty("owner");
    expect(body).not.toHaveProperty("surprise");
  });

  test("a new version makes the others of its name not the latest", async () => {
    const name = `versions-${randomUUID()}`;
    const one = await post(workflow({ workflow_name: name, version: "1.0.0" }));
    const two = await post(workflow({ workflow_name: name, version: "2.0.0" }));
    expect(two.body.is_latest_version).toBe(true);
    expect((await get(`/${one.body.workflow_id}`)).body.is_latest_version).toBe(false);
    const { body } = await get(`/by-name/${name}/versions`);
    expect(body).toMatchObject({ workflow_name: name, total: 2 });
    expect(body.versions.map((each: Sample) => each["version"])).toEqual(["2.0.0", "1.0.0"]);
  });

  test("versions created at the same time leave exactly one latest, the newest", async () => {
    const name = `race-${randomUUID()}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        post(workflow({ workflow_name: name, version: `1.${index}` })),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    const { body } = await get(`/by-name/${name}/versions`);
    const latest = body.versions.map((each: Sample) => each["is_latest_version"]);
    expect(latest).toEqual([true, ...Array(19).fill(false)]);
  });

  test("the same version twice is a conflict, and changes nothing", async () => {
    const sent = workflow();
    const first = await post(sent);
    const { status, body, headers } = await post(sent);
    expect(status).toBe(409);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toEqual({
      type: "https://kubernaut.ai/problems/conflict",
      title: "Workflow Already Exists",
      status: 409,
      detail: `Workflow '${String(sent["workflow_name"])}' version '1.0.0' already exists`,
    });
    expect((await get(`/${first.body.workflow_id}`)).body.is_latest_version).toBe(true);
  });

  test("the same version many times at once is created once", async () => {
    const sent = workflow();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(sent)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  test.each([
    "workflow_name",
    "version",
    "name",
    "description",
    "content",
    "content_hash",
    "labels",
    "execution_engine",
    "status",
  ])("%s is required", async (field) => {
    for (const value of [undefined, null]) {
      const { status, body } = await post(workflow({ [field]: value }));
      expect(status).toBe(400);
      expect(body).toMatchObject({
        type: "https://kubernaut.ai/problems/validation-error",
        title: "Validation Error",
        status: 400,
        instance: "/api/v1/workflows",
        resource: "workflow",
      });
      expect(Object.keys(body.field_errors)).toEqual([field]);
      expect(body.detail).toBe(`${field}: ${body.field_errors[field]}`);
    }
  });

  test.each(["signal_type", "severity", "component", "environment", "priority"])(
    "labels.%s is required",
    async (label) => {
      const { status, body } = await post(workflow({ labels: labels({ [label]: undefined }) }));
      expect(status).toBe(400);
      expect(body.field_errors).toEqual({ [`labels.${label}`]: "is required" });
    },
  );

  test.each<[string, Sample]>([
    ["workflow_name", { workflow_name: "x".repeat(256) }],
    ["version", { version: "x".repeat(51) }],
    ["name", { name: "x".repeat(256) }],
    ["content_hash", { content_hash: "a".repeat(63) }],
    ["content_hash", { content_hash: "a".repeat(65) }],
    ["status", { status: "sleeping" }],
    ["labels.severity", { labels: labels({ severity: "urgent" }) }],
    ["labels.severity", { labels: labels({ severity: "*" }) }],
    ["labels.priority", { labels: labels({ priority: "P4" }) }],
    ["maintainer", { maintainer: "nobody" }],
    ["expected_success_rate", { expected_success_rate: 1.01 }],
    ["expected_success_rate", { expected_success_rate: -0.01 }],
    ["parameters", { parameters: [] }],
    ["custom_labels.team", { custom_labels: { team: "payments" } }],
    ["approved_at", { approved_at: "yesterday" }],
    ["expected_duration_seconds", { expected_duration_seconds: "long" }],
    ["name", { name: 1 }],
  ])("%s with a bad value is refused", async (field, change) => {
    const { status, body } = await post(workflow(change));
    expect(status).toBe(400);
    expect(body.type).toBe("https://kubernaut.ai/problems/validation-error");
    expect(Object.keys(body.field_errors)).toEqual([field]);
  });

  test("limits are inclusive and count characters; priority may be *; rates may be 0, 1 and 1.0", async () => {
    const changes: Sample[] = [
      { workflow_name: "é".repeat(215) + randomUUID().slice(0, 36) + "🚀".repeat(4) },
      { version: "v".repeat(50) },
      { name: "n".repeat(255) },
      { labels: labels({ priority: "*", component: "*" }) },
      { expected_success_rate: 0 },
      { expected_success_rate: 1 },
    ];
    for (const change of changes) expect((await post(workflow(change))).status).toBe(201);
    const raw = JSON.stringify(workflow({ expected_success_rate: 1 })).replace(
      /("expected_success_rate":)1/,
      "$11.0",
    );
    const { status, body } = await running.service.client.send("POST", "/api/v1/workflows", { raw });
    expect([status, body.expected_success_rate]).toEqual([201, 1]);
  });

  test("several errors: the first, and how many more", async () => {
    const { body } = await post({});
    expect(body.detail).toMatch(/^workflow_name: is required \(and 8 more errors\)$/);
    expect(Object.keys(body.field_errors)).toHaveLength(9);
  });

  test("numbers in parameters come back digit by digit", async () => {
    const numbers =
      '{"big":12345678901234567890,"float":1.0,"tiny":1e-7,"sci":1e3,"pi":3.14159265358979323846,"n":7}';
    const raw = JSON.stringify(workflow({ parameters: "HERE" })).replace('"HERE"', numbers);
    const created = await running.service.client.send("POST", "/api/v1/workflows", { raw });
    expect(created.status).toBe(201);
    const { text } = await get(`/${created.body.workflow_id}`);
    for (const part of [
      '"big":12345678901234567890',
      '"float":1.0',
      '"sci":1000.0',
      '"pi":3.14159265358979323846',
      '"n":7',
    ]) {
      expect(text.replaceAll(" ", "")).toContain(part);
    }
    expect(JSON.parse(text).parameters.tiny).toBe(1e-7);
  });

  test("so do numbers of labels that nobody knows; those of known labels are not taken for texts", async () => {
    const raw = JSON.stringify(workflow()).replace('"labels":{', '"labels":{"mine":9007199254740993,');
    const created = await running.service.client.send("POST", "/api/v1/workflows", { raw });
    expect(created.text.replaceAll(" ", "")).toContain('"mine":9007199254740993');
    const refused = await running.service.client.send("POST", "/api/v1/workflows", {
      raw: raw.replace('"component":"pod"', '"component":1.0'),
    });
    expect(refused.body.field_errors).toEqual({ "labels.component": "must be string" });
  });
});
