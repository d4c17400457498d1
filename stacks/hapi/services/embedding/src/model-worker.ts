import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { loadGraphModel, ready } from "@energetic-ai/core";
import { type EmbeddingsModel, initModel } from "@energetic-ai/embeddings";
import type { FromModel, ToModel } from "./protocol.ts";
import { splitCamelCase } from "./words.ts";

async function loadModel(dir: string): Promise<EmbeddingsModel> {
  // The backend is set up from the import on, and nobody waits for it; weights that are loaded before it stands fail
  // with "Backend 'wasm' has not yet been initialized".
  await ready();
  return initModel(async () => ({
    model: await loadGraphModel(`file://${join(dir, "model.json")}`),
    vocabulary: JSON.parse(await readFile(join(dir, "vocab.json"), "utf8")) as unknown,
  }));
}

async function serve(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("Internal error: model-worker must run in a worker thread");
  const say = (message: FromModel) => port.postMessage(message);
  const model = await loadModel(join(__dirname, "model"));
  const [first] = await model.embed(["the model answers"]);
  if (first === undefined) throw new Error("the model did not answer its warm-up sentence");

  let last: Promise<void> = Promise.resolve();
  port.on("message", ({ id, texts }: ToModel) => {
    last = last
      .then(() => model.embed(texts.map(splitCamelCase)))
      .then((embeddings) => say({ kind: "embedded", id, embeddings }))
      .catch((error: unknown) => say({ kind: "failed", id, reason: String(error) }));
  });
  say({ kind: "ready", dimensions: first.length });
}

void serve();
