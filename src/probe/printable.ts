const longestText = 200;

// Controls, lone surrogates, line separators, and the marks that reorder or hide text on a terminal.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/gu;
const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  const known = short[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/**
 * What a stranger said, safe to show: control characters escaped, cut at 200 characters. Bytes that are not UTF-8 are
 * shown one by one. Escaping twice changes nothing.
 */
export function printable(said: string | Buffer): string {
  const text =
    typeof said === "string" ? said.slice(0, longestText * 4) : decode(said.subarray(0, longestText * 4));
  const shown = text.trimEnd().replace(unprintable, escaped);
  const characters = Array.from(shown);
  return characters.length <= longestText ? shown : `${characters.slice(0, longestText - 1).join("")}…`;
}

function decode(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") ? bytes.toString("latin1") : text;
}
