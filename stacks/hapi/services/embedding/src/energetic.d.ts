// The packages' own declarations refer to TensorFlow packages that they do not depend on; this is what is used here.
declare module "@energetic-ai/core" {
  export function ready(): Promise<void>;
  export function getBackend(): string;
  export function loadGraphModel(url: string): Promise<unknown>;
}

declare module "@energetic-ai/embeddings" {
  export interface EmbeddingsModel {
    embed(texts: readonly string[]): Promise<number[][]>;
  }
  export function initModel(
    source: () => Promise<{ model: unknown; vocabulary: unknown }>,
  ): Promise<EmbeddingsModel>;
}
