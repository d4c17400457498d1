// CSI sequences, OSC and other string sequences up to their terminator.
const sequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)/g;
// What is left of control characters, save tab and line feed; and the marks that turn the direction of writing.
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Foreign text, made safe to show: terminal escapes are dropped, other control characters become readable (`\x07`),
 * so that a log line can neither move the cursor nor set a title nor hide a part of itself.
 */
export function visible(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(sequences, "").replace(controls, readable);
}

/** The same on one line: line feeds become `\n`. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll("\n", "\\n");
}

function readable(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
