import assert from "node:assert/strict";
import { it } from "mocha";
import { stackInTests } from "rollcall/mocha";
import definition from "../rollcall.config.js";

const stack = stackInTests(definition);

it("the service answers", async () => {
  const response = await fetch(`${stack.service("api").url()}/greeting`);
  assert.equal(await response.text(), "hello from /greeting");
  assert.equal(process.env.API_URL, stack.env.API_URL);
});
