/** Splits a command line as a shell would, without expanding anything (compose: `command: "a 'b c'"`). */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) return undefined;
      word = (word ?? "") + text.slice(at + 1, end);
      at = end;
    } else if (char === '"') {
      word ??= "";
      for (at++; text[at] !== '"'; at++) {
        if (at >= text.length) return undefined;
        if (text[at] === "\\" && /["\\$`\n]/.test(text[at + 1] ?? "")) at++;
        word += text[at] ?? "";
      }
    } else if (char === "\\") {
      word = (word ?? "") + (text[++at] ?? "");
    } else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}
