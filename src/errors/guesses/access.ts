import { type Guess, said } from "../signs.ts";

/** What it may not see, or cannot find. */
export const accessGuesses: readonly Guess[] = [
  {
    id: "wrong-credentials",
    sign: '"password authentication failed", WRONGPASS, NOAUTH, "Access denied for user", 401',
    cause: "The user or the password is not the one that is expected: {said}.",
    cure: "Give both sides the same user and password by a reference instead of a copy; a data volume keeps the password of its first start.",
    find: (signs) =>
      said(
        /password authentication failed(?: for user "[^"]*")?|\bWRONGPASS\b|\bNOAUTH\b|Access denied for user|failed SASL auth|no password supplied|(?<=\b)(?:status|answered|HTTP)?\s?401\b(?= (?:on|Unauthorized|from|for)|$)|ACCESS_REFUSED|Authentication failed/i,
        signs,
      ),
  },
  {
    id: "role-missing",
    sign: '"role … does not exist"',
    cause: 'The database user "{role}" does not exist.',
    cure: "Create it in an init script, or use the user that the server was set up with.",
    find: (signs) => said(/role "(?<role>[^"]+)" does not exist/i, signs),
  },
  {
    id: "database-missing",
    sign: '"database … does not exist", "Unknown database"',
    cause: 'The database "{database}" does not exist.',
    cure: "Name the database that the server creates, or create it in an init script or a task. A data volume of an earlier start keeps its old databases.",
    find: (signs) =>
      said(/database "(?<database>[^"]+)" does not exist/i, signs) ??
      said(/Unknown database '(?<database>[^']+)'/i, signs),
  },
  {
    id: "table-missing",
    sign: '"relation … does not exist", "no such table"',
    cause: 'The table "{table}" does not exist: the migrations have not run, or not on this database.',
    cure: "Make the migrations a task, and let this unit come after it.",
    find: (signs) =>
      said(/relation "(?<table>[^"]+)" does not exist/i, signs) ??
      said(/no such table: (?<table>\S+)/i, signs) ??
      said(/Table '(?<table>[^']+)' doesn't exist/i, signs),
  },
  {
    id: "name-unknown",
    sign: '"getaddrinfo ENOTFOUND", "no such host", "Name or service not known"',
    cause: 'It cannot resolve the name "{name}".',
    cure: "Refer to the peer's host by a reference, which is right on every runtime; names of containers hold only inside of the stack's network.",
    find: (signs) =>
      said(/getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?<name>[^\s,;:]+)/i, signs) ??
      said(/lookup (?<name>[^\s:]+)[^\n]*: (?:no such host|server misbehaving|Temporary failure)/i, signs) ??
      said(/could not translate host name "(?<name>[^"]+)"/i, signs) ??
      said(/Could not resolve host:? '?(?<name>[^\s']+)/i, signs) ??
      said(/"?(?<name>[\w.-]+)"?: Name or service not known/i, signs),
  },
];
