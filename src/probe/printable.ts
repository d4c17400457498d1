import { StringDecoder } from "node:string_decoder";
import { escaped } from "../util/visible.ts";

const longestText = 200;

/**
 * What a stranger said, safe to show: control characters escaped, cut at 200 characters. Bytes that are not UTF-8 are
 * shown one by one. Escaping twice changes nothing.
 */
export function printable(said: string | Buffer): string {
  const text =
    typeof said === "string" ? said.slice(0, longestText * 4) : decode(said.subarray(0, longestText * 4));
  const shown = escaped(text.trimEnd());
  const characters = Array.from(shown);
  return characters.length <= longestText ? shown : `${characters.slice(0, longestText - 1).join("")}…`;
}

/** A character that the limit has cut in two is left out. */
function decode(bytes: Buffer): string {
  const text = new StringDecoder("utf8").write(bytes);
  return text.includes("\ufffd") ? bytes.toString("latin1") : text;
}
