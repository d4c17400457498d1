export interface SqlStatement {
  readonly text: string;
  /** Line of the file on which it begins, from 1. */
  readonly line: number;
}

const token =
  /--[^\n]*|\/\*|'|"|\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*|\\[^\n]*|;|\n|[()]/g;

/**
 * The statements of an SQL file, one by one as psql sends them: some (CREATE DATABASE) may not be sent together with
 * others. Lines that psql itself carries out (`\connect`) come as statements of their own.
 */
export function splitSql(sql: string): readonly SqlStatement[] {
  const statements: SqlStatement[] = [];
  const scan = new RegExp(token);
  let start = 0;
  let words: string[] = [];
  let depth = 0;
  let open = 0;
  const finish = (end: number): void => {
    const raw = sql.slice(start, end);
    const text = withoutLeadingComments(raw);
    if (text.trim() !== "") {
      const line = sql.slice(0, end - text.trimStart().length).split("\n").length;
      statements.push({ text: text.trim(), line });
    }
    words = [];
    depth = 0;
    open = 0;
  };
  for (let match = scan.exec(sql); match !== null; match = scan.exec(sql)) {
    const found = match[0];
    if (found === ";" && depth === 0 && open === 0) {
      finish(match.index);
      start = scan.lastIndex;
    } else if (found.startsWith("\\") && words.length === 0) {
      start = match.index;
      finish(scan.lastIndex);
      start = scan.lastIndex;
    } else if (found === "(") open += 1;
    else if (found === ")") open = Math.max(0, open - 1);
    else if (/^[A-Za-z_\u0080-\uffff]/.test(found)) {
      const escapes = /^[eE]$/.test(found) && sql[scan.lastIndex] === "'";
      if (escapes) scan.lastIndex = endOfString(sql, scan.lastIndex + 1, true);
      words.push(found.toUpperCase());
      depth = bodyDepth(words, depth);
    } else scan.lastIndex = endOfQuoted(sql, found, scan.lastIndex);
  }
  finish(sql.length);
  return statements;
}

/** A function's body may be written between BEGIN and END, with statements in it. */
function bodyDepth(words: readonly string[], depth: number): number {
  const word = words.at(-1);
  const isRoutine =
    words[0] === "CREATE" && words.slice(1, 4).some((each) => each === "FUNCTION" || each === "PROCEDURE");
  if (!isRoutine) return depth;
  if (word === "BEGIN" || (word === "CASE" && depth > 0)) return depth + 1;
  return word === "END" ? Math.max(0, depth - 1) : depth;
}

function endOfQuoted(sql: string, opener: string, from: number): number {
  if (opener === "'") return endOfString(sql, from, false);
  if (opener === "/*") return endOfComment(sql, from);
  if (opener === '"' || opener.startsWith("$")) return after(sql, opener, from);
  return from;
}

function endOfString(sql: string, from: number, backslashEscapes: boolean): number {
  for (let at = from; at < sql.length; at += 1) {
    if (backslashEscapes && sql[at] === "\\") at += 1;
    else if (sql[at] === "'") return at + 1;
  }
  return sql.length;
}

/** They nest. */
function endOfComment(sql: string, from: number): number {
  let depth = 1;
  for (let at = from; at < sql.length; at += 1) {
    const pair = sql.slice(at, at + 2);
    if (pair === "/*") depth += 1;
    else if (pair === "*/") depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return sql.length;
}

function after(sql: string, closer: string, from: number): number {
  const at = sql.indexOf(closer, from);
  return at < 0 ? sql.length : at + closer.length;
}

function withoutLeadingComments(sql: string): string {
  const rest = sql.trimStart();
  if (rest.startsWith("--")) return withoutLeadingComments(rest.slice(rest.search(/\n|$/)));
  if (rest.startsWith("/*")) return withoutLeadingComments(rest.slice(endOfComment(rest, 2)));
  return rest;
}
