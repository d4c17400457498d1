import type { Database } from "../database/database.ts";

/** Any fixed number: instances of this service take the same one. */
const LOCK = 7_364_103;

/** Makes the monthly partitions of `audit_events` when the first row of a month comes. */
export interface Partitions {
  /** @param dates "YYYY-MM-DD" */
  ensure(dates: Iterable<string>): Promise<void>;
  /** Somebody dropped one: look again next time. */
  forget(): void;
}

export function createPartitions(database: Database): Partitions {
  const known = new Set<string>();
  return {
    async ensure(dates) {
      const missing = new Set(
        [...dates].map((date) => date.slice(0, 7)).filter((month) => !known.has(month)),
      );
      for (const month of missing) {
        await create(database, month);
        known.add(month);
      }
    },
    forget: () => known.clear(),
  };
}

async function create(database: Database, month: string): Promise<void> {
  const name = `audit_events_${month.replace("-", "_")}`;
  const exists = await database.query<{ found: string | null }>({
    text: "SELECT to_regclass($1) AS found",
    values: [name],
  });
  if (exists[0]?.found !== null) return;
  await database.transaction(async (query) => {
    await query({ text: "SELECT pg_advisory_xact_lock($1)", values: [LOCK] });
    await query({
      text: `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF audit_events
             FOR VALUES FROM ('${month}-01') TO ('${monthAfter(month)}-01')`,
    });
  });
}

function monthAfter(month: string): string {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year ?? 0, number ?? 0, 1)).toISOString().slice(0, 7);
}
