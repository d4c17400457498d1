/** A value of the RESP2 protocol; strings are latin1, one character a byte: keys need not be text. https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export type Reply = string | number | null | Error | readonly Reply[];

/** A reply from the start of `bytes` and where it ends; undefined while it is not complete. */
export function readReply(
  bytes: Buffer,
  start = 0,
): { readonly reply: Reply; readonly end: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const next = lineEnd + 2;
  switch (String.fromCharCode(bytes[start] ?? 0)) {
    case "+":
      return { reply: line, end: next };
    case "-":
      return { reply: new Error(line), end: next };
    case ":":
      return { reply: Number(line), end: next };
    case "$":
      return readBulk(bytes, next, Number(line));
    case "*":
      return readList(bytes, next, Number(line));
    default:
      throw new Error("it answers something else than Redis");
  }
}

function readBulk(bytes: Buffer, start: number, length: number) {
  if (length < 0) return { reply: null, end: start };
  const end = start + length;
  if (bytes.length < end + 2) return undefined;
  return { reply: bytes.toString("latin1", start, end), end: end + 2 };
}

function readList(bytes: Buffer, start: number, count: number) {
  if (count < 0) return { reply: null, end: start };
  const items: Reply[] = [];
  let end = start;
  for (let index = 0; index < count; index += 1) {
    const item = readReply(bytes, end);
    if (item === undefined) return undefined;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: items, end };
}

export type Word = string | number | Buffer;

export function writeCommand(words: readonly Word[]): Buffer {
  const bulk = words.flatMap((word) => {
    const bytes = Buffer.isBuffer(word) ? word : Buffer.from(String(word));
    return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")];
  });
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...bulk]);
}
