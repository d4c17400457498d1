import { Worker } from "node:worker_threads";
import type { FromModel, ToModel } from "./protocol.ts";

export interface Embedder {
  readonly model: string;
  readonly dimensions: number;
  embed(texts: readonly string[]): Promise<readonly (readonly number[])[]>;
  /** Settles when the model's thread ends on its own, which it never should. */
  readonly died: Promise<Error>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(embeddings: readonly (readonly number[])[]): void;
  reject(reason: Error): void;
}

/**
 * Starts the model on a thread of its own, so that health is answered while it computes.
 * Resolves once the model has answered a warm-up sentence.
 */
export async function startEmbedder(file: URL): Promise<Embedder> {
  const worker = new Worker(file);
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  const died = new Promise<Error>((resolve) => {
    worker.once("error", resolve);
    worker.once("exit", (code) => resolve(new Error(`the model's thread ended with code ${code}`)));
  });
  const ready = new Promise<number>((resolve) => {
    worker.on("message", (message: FromModel) => {
      if (message.kind === "ready") return resolve(message.dimensions);
      const asker = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.kind === "embedded") asker?.resolve(message.embeddings);
      else asker?.reject(new Error(message.reason));
    });
  });

  const first = await Promise.race([ready, died]);
  if (first instanceof Error) throw first;
  void died.then((reason) => {
    for (const asker of waiting.values()) asker.reject(reason);
  });
  return {
    model: "universal-sentence-encoder-lite",
    dimensions: first,
    embed(texts) {
      lastId += 1;
      const request: ToModel = { id: lastId, texts };
      return new Promise((resolve, reject) => {
        waiting.set(request.id, { resolve, reject });
        worker.postMessage(request);
      });
    },
    died,
    async close() {
      await worker.terminate();
    },
  };
}
