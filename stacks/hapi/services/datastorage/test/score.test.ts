import { describe, expect, test } from "vitest";
import { scoreWorkflow } from "../src/workflows/score.ts";

type Labels = Record<string, unknown>;

function score(asked: Labels, has: Labels, custom: [object, object] = [{}, {}]) {
  return scoreWorkflow(
    { detected_labels: has, custom_labels: custom[1] as never },
    { detected_labels: asked, custom_labels: custom[0] as never },
  );
}

test("nothing asked: 0.5 whatever the workflow has", () => {
  const expected = { labelBoost: 0, labelPenalty: 0, finalScore: 0.5 };
  expect(score({}, {})).toEqual(expected);
  expect(score({}, { gitOpsManaged: true, gitOpsTool: "flux" }, [{}, { team: ["a"] }])).toEqual(expected);
  expect(scoreWorkflow({ detected_labels: {}, custom_labels: null }, {})).toEqual(expected);
});

describe("booleans count when true is asked and true on the workflow", () => {
  test.each([
    ["gitOpsManaged", 0.1],
    ["pdbProtected", 0.05],
    ["networkIsolated", 0.03],
    ["helmManaged", 0.02],
    ["stateful", 0.02],
    ["hpaEnabled", 0.02],
  ])("%s %d", (label, weight) => {
    expect(score({ [label]: true }, { [label]: true }).labelBoost).toBe(weight);
    for (const [asked, has] of [
      [true, false],
      [false, true],
      [false, false],
      [true, undefined],
      [true, "true"],
    ]) {
      expect(score({ [label]: asked }, { [label]: has }).labelBoost).toBe(0);
    }
  });
});

describe("tools: equal full weight, asked * half if there is any", () => {
  test.each([
    ["gitOpsTool", "argocd", "argocd", 0.1],
    ["gitOpsTool", "flux", "flux", 0.1],
    ["gitOpsTool", "*", "flux", 0.05],
    ["gitOpsTool", "*", undefined, 0],
    ["gitOpsTool", "*", "", 0],
    ["gitOpsTool", "*", "*", 0.1],
    ["gitOpsTool", "argocd", "flux", 0],
    ["serviceMesh", "istio", "istio", 0.05],
    ["serviceMesh", "*", "linkerd", 0.025],
    ["serviceMesh", "*", undefined, 0],
    ["serviceMesh", "istio", "linkerd", 0],
  ])("%s asked %s, has %s: %d", (label, asked, has, boost) => {
    expect(score({ [label]: asked }, { [label]: has }).labelBoost).toBe(boost);
  });
});

describe("penalties", () => {
  test.each<[Labels, Labels, number]>([
    [{ gitOpsManaged: true }, {}, 0.1],
    [{ gitOpsManaged: true }, { gitOpsManaged: false }, 0.1],
    [{ gitOpsManaged: true }, { gitOpsManaged: true }, 0],
    [{ gitOpsManaged: false }, { gitOpsManaged: true }, 0],
    [{ gitOpsTool: "argocd" }, {}, 0.1],
    [{ gitOpsTool: "argocd" }, { gitOpsTool: "flux" }, 0.1],
    [{ gitOpsTool: "argocd" }, { gitOpsTool: "argocd" }, 0],
    [{ gitOpsTool: "*" }, { gitOpsTool: "argocd" }, 0],
    [{ gitOpsTool: "*" }, {}, 0.1],
    [{ gitOpsManaged: true, gitOpsTool: "argocd" }, {}, 0.2],
    [{ serviceMesh: "istio", pdbProtected: true }, {}, 0],
  ])("asked %j, has %j: %d", (asked, has, penalty) => {
    const found = score(asked, has);
    expect(found.labelPenalty).toBe(penalty);
  });

  test("the lowest score is 0.48", () => {
    expect(score({ gitOpsManaged: true, gitOpsTool: "argocd" }, {}).finalScore).toBe(0.48);
  });
});

test("all detected labels give 0.39, so 0.539, without rounding noise", () => {
  const all = {
    gitOpsManaged: true,
    gitOpsTool: "argocd",
    pdbProtected: true,
    serviceMesh: "istio",
    networkIsolated: true,
    helmManaged: true,
    stateful: true,
    hpaEnabled: true,
  };
  expect(score(all, all)).toEqual({ labelBoost: 0.39, labelPenalty: 0, finalScore: 0.539 });
});

describe("custom labels: value .05, * .025, else nothing; they never show in label_boost", () => {
  test.each<[object, object, number]>([
    [{ team: ["a"] }, { team: ["a"] }, 0.505],
    [{ team: ["a"] }, { team: ["*"] }, 0.5025],
    [{ team: ["a"] }, { team: ["b"] }, 0.5],
    [{ team: ["a"] }, {}, 0.5],
    [{ team: ["a", "b"] }, { team: ["a", "*"] }, 0.5075],
    [{ team: ["a"], zone: ["z"] }, { team: ["a"], zone: ["z"] }, 0.51],
    [{ toString: ["a"] }, {}, 0.5],
  ])("asked %j, has %j: %d", (asked, has, expected) => {
    const found = score({}, {}, [asked, has]);
    expect(found.finalScore).toBe(expected);
    expect(found.labelBoost).toBe(0);
  });
});
