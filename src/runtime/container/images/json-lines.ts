import { StringDecoder } from "node:string_decoder";

/** One line of an engine's progress. */
export interface ProgressLine {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progress?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly aux?: { readonly ID?: string };
}

/** The JSON objects of a stream, one a line; lines that are none count as text. */
export async function* jsonLines(stream: AsyncIterable<unknown>): AsyncGenerator<ProgressLine> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.write(chunk as Buffer);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield parseLine(line);
  }
  if (rest.trim() !== "") yield parseLine(rest);
}

function parseLine(line: string): ProgressLine {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : { stream: `${line}\n` };
  } catch {
    return { stream: `${line}\n` };
  }
}

export function errorOf({ error, errorDetail }: ProgressLine): string | undefined {
  return errorDetail?.message ?? error;
}
