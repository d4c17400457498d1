// CSI sequences, OSC and other string sequences up to their terminator.
const sequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)/g;
// Controls, lone surrogates, separators of lines, and the marks that reorder or hide text on a terminal.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Foreign text, made safe to show: terminal escapes are dropped, other control characters become readable (`\x07`),
 * so that a log line can neither move the cursor nor set a title nor hide a part of itself. Tabs and line feeds stay.
 */
export function visible(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(sequences, "")
    .replace(hidden, (character) =>
      character === "\n" || character === "\t" ? character : readable(character),
    );
}

/** The same on one line: line feeds become `\n`. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll("\n", "\\n");
}

/** On one line with nothing left out: every character that does not show itself becomes readable. */
export function escaped(text: string): string {
  return text.replace(hidden, (character) => short[character] ?? readable(character));
}

function readable(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}
