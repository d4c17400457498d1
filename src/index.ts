export type { ErrorReport } from "./errors/report.ts";
export { RollcallError } from "./errors/rollcall-error.ts";
export { type ErrorCode, errorTable } from "./errors/table.ts";
export type { EventBody, EventSink, RunEvent } from "./journal/events.ts";
export { readJournal } from "./journal/read.ts";
export { type Rule, type Violation, verifyJournal } from "./journal/verify.ts";
export { loadStack } from "./load/load.ts";
export { type PlanOptions, planStack } from "./plan/plan.ts";
export { planToJson, printPlan } from "./plan/print.ts";
export type { Plan, PlannedGate, Step } from "./plan/types.ts";
export { type DownOptions, down } from "./run/end/down.ts";
export { type SweepOptions, type Swept, sweep, type Unswept } from "./run/end/sweep.ts";
export { statusOf } from "./run/look/status.ts";
export { type Verified, type VerifyOptions, verifyRun } from "./run/look/verify-run.ts";
export { up } from "./run/start/up.ts";
export { findRun, listRuns } from "./run/state/find.ts";
export type { Run, RunService, Status, UnitStatus, UpOptions } from "./run/types.ts";
export type { Database, DatabaseOptions } from "./scope/database.ts";
export { createDatabasePool, type DatabasePool, type PoolOptions } from "./scope/database-pool.ts";
export { createRedisDatabase, type RedisDatabase, resetRedis } from "./scope/redis-database.ts";
export type { ServiceScopes } from "./scope/service-scopes.ts";
export { type WorkerDatabases, workerDatabase } from "./scope/worker-database.ts";
export {
  type Declared,
  defineStack,
  exec,
  handshake,
  http,
  log,
  postgres,
  redis,
  type StackDefinition,
  type StackInput,
  service,
  task,
  tcp,
  type UnitInput,
} from "./stack/define.ts";
export { type Problem, problemsOf } from "./stack/problem.ts";
export type { PortRef, Ref, Refs } from "./stack/refs.ts";
export type * from "./stack/types.ts";
export { validateStack } from "./stack/validate.ts";
