/** What stands in `request.query` when the query could not be read; `message` is for the client. */
export class BadQuery {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Strict: broken escapes, U+0000, invalid UTF-8 and repeated names are told instead of guessed at. */
export function parseQueryString(text: string): Record<string, string> | BadQuery {
  const found: Record<string, string> = Object.create(null);
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    const value = decode(at === -1 ? "" : pair.slice(at + 1));
    if (name === undefined || value === undefined)
      return new BadQuery("the query has a broken percent-encoding");
    if (name.includes("\0") || value.includes("\0")) return new BadQuery("the query must not contain U+0000");
    if (name in found)
      return new BadQuery(`the query parameter ${JSON.stringify(name.slice(0, 100))} is given twice`);
    found[name] = value;
  }
  return found;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
