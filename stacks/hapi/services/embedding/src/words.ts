/**
 * Puts spaces into camel-case words and collapses white space: the model knows "OOM Killed", it does not know "OOMKilled".
 */
export function splitCamelCase(text: string): string {
  return text
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .replace(/\s+/gu, " ")
    .trim();
}
