/** The engine answered, and its answer is no. */
export class EngineRefusal extends Error {
  override readonly name = "EngineRefusal";
  readonly status: number;
  /** What the engine said, one line. */
  readonly said: string;

  constructor(method: string, path: string, status: number, said: string) {
    super(`${method} ${path}: ${status} ${said}`);
    this.status = status;
    this.said = said;
  }
}

export function refusalText(data: unknown): string {
  if (typeof data === "string") return data.trim();
  if (typeof data !== "object" || data === null) return String(data);
  const { message, cause } = data as { readonly message?: unknown; readonly cause?: unknown };
  const text = typeof message === "string" ? message : JSON.stringify(data);
  return (typeof cause === "string" && !text.includes(cause) ? `${text}: ${cause}` : text).trim();
}

export function isMissing(error: unknown): boolean {
  return error instanceof EngineRefusal && error.status === 404;
}
