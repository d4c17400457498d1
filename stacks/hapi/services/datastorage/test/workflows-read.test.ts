import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useService } from "./rig/running.ts";
import { labels, type Sample, workflow } from "./rig/samples.ts";

const running = useService();
const post = (body: unknown) => running.service.client.post("/api/v1/workflows", body);
const get = (path: string) => running.service.client.get(`/api/v1/workflows${path}`);
const patch = (path: string, body: unknown) => running.service.client.patch(`/api/v1/workflows${path}`, body);

describe("read and list", () => {
  test("an unknown id is 404, a malformed one 400", async () => {
    const missing = await get(`/${randomUUID()}`);
    expect(missing.status).toBe(404);
    expect(missing.body).toMatchObject({
      type: "https://kubernaut.ai/problems/not-found",
      title: "Not Found",
      status: 404,
    });
    expect((await get("/not-a-uuid")).status).toBe(400);
  });

  test("the list is newest first, filtered and paged", async () => {
    const environment = `env-${randomUUID()}`;
    const made: string[] = [];
    for (const priority of ["P0", "P1", "P1"]) {
      const { body } = await post(workflow({ labels: labels({ environment, priority }) }));
      made.unshift(body.workflow_id);
    }
    const ids = async (query: string) => {
      const { body } = await get(`?environment=${environment}${query}`);
      return [body.workflows.map((each: Sample) => each["workflow_id"]), body.total, body.limit, body.offset];
    };
    expect(await ids("")).toEqual([made, 3, 50, 0]);
    expect(await ids("&limit=1&offset=1")).toEqual([[made[1]], 3, 1, 1]);
    expect(await ids("&priority=P1")).toEqual([made.slice(0, 2), 2, 50, 0]);
    expect(await ids("&component=pod")).toEqual([made, 3, 50, 0]);
    expect(await ids("&component=node")).toEqual([[], 0, 50, 0]);
    await patch(`/${made[0]}/disable`, {});
    expect(await ids("&status=disabled")).toEqual([[made[0]], 1, 50, 0]);
    expect(await ids("&offset=9007199254740991")).toEqual([[], 3, 50, 9007199254740991]);
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=x",
    "limit=",
    "limit=1.5",
    "limit=10.0",
    "limit=1e3",
    "limit=0x10",
    "limit=%2010",
    "offset=-1",
    "offset=99999999999999999999",
    "status=odd",
    "limit=1&limit=2",
  ])("?%s is refused", async (query) => {
    const { status, headers } = await get(`?${query}`);
    expect(status).toBe(400);
    expect(headers.get("content-type")).toBe("application/problem+json");
  });

  test("the limit may be 1000", async () => {
    expect((await get("?limit=1000")).status).toBe(200);
  });

  test("an unknown name has no versions; names with slashes and percent signs work", async () => {
    expect((await get("/by-name/nobody/versions")).body).toEqual({
      workflow_name: "nobody",
      versions: [],
      total: 0,
    });
    const name = `a/b c%é?${randomUUID()}`;
    await post(workflow({ workflow_name: name }));
    expect((await get(`/by-name/${encodeURIComponent(name)}/versions`)).body).toMatchObject({
      workflow_name: name,
      total: 1,
    });
  });
});

describe("update", () => {
  test("changes the status and notes who and why", async () => {
    const { body } = await post(workflow());
    const disabled = await patch(`/${body.workflow_id}`, {
      status: "disabled",
      disabled_by: "ada",
      disabled_reason: "broken",
    });
    expect(disabled.status).toBe(200);
    expect(disabled.body).toMatchObject({
      status: "disabled",
      disabled_by: "ada",
      disabled_reason: "broken",
    });
    expect(Date.parse(disabled.body.disabled_at)).not.toBeNaN();
    expect(Date.parse(disabled.body.updated_at)).toBeGreaterThan(Date.parse(body.updated_at) - 1);
    const active = await patch(`/${body.workflow_id}`, { status: "active" });
    expect(active.body.status).toBe("active");
    expect(active.body).not.toHaveProperty("disabled_at");
  });

  test.each(["description", "content", "labels"])("%s cannot be changed", async (field) => {
    const { body } = await post(workflow());
    const answer = await patch(`/${body.workflow_id}`, { status: "disabled", [field]: "new" });
    expect(answer.status).toBe(400);
    expect(answer.body.type).toBe("https://kubernaut.ai/problems/immutable-field-violation");
    expect((await get(`/${body.workflow_id}`)).body).toEqual(body);
  });

  test("bad status 400, unknown id 404", async () => {
    const { body } = await post(workflow());
    expect((await patch(`/${body.workflow_id}`, { status: "odd" })).body.field_errors).toHaveProperty(
      "status",
    );
    expect((await patch(`/${randomUUID()}`, { status: "active" })).status).toBe(404);
    expect((await patch(`/${randomUUID()}/disable`, {})).status).toBe(404);
  });

  test("disable sets status, time, who and why; its body may be left out", async () => {
    const { body } = await post(workflow());
    const answer = await patch(`/${body.workflow_id}/disable`, { reason: "superseded", updated_by: "grace" });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      status: "disabled",
      disabled_by: "grace",
      disabled_reason: "superseded",
    });
    expect(Date.parse(answer.body.disabled_at)).not.toBeNaN();
    const other = await post(workflow());
    const bare = await running.service.client.send(
      "PATCH",
      `/api/v1/workflows/${other.body.workflow_id}/disable`,
    );
    expect([bare.status, bare.body.status]).toEqual([200, "disabled"]);
  });
});
