/** What the main thread and the model's thread say to each other. */
export interface ToModel {
  readonly id: number;
  readonly texts: readonly string[];
}

export type FromModel =
  | { readonly kind: "ready"; readonly dimensions: number }
  | { readonly kind: "embedded"; readonly id: number; readonly embeddings: readonly (readonly number[])[] }
  | { readonly kind: "failed"; readonly id: number; readonly reason: string };
