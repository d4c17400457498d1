import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ErrorReport } from "../../errors/report.ts";
import { asRollcallError, RollcallError } from "../../errors/rollcall-error.ts";
import { stackMask } from "../../journal/mask-event.ts";
import type { Instance } from "../../runtime/types.ts";
import { type Mask, maskDeep } from "../../util/mask.ts";
import { takeDown } from "../end/take-down.ts";
import type { Begun } from "./begin-run.ts";

/** Saves what explains the failure, removes everything (or leaves it for a look), and throws. */
export async function failStart(begun: Begun, report: ErrorReport): Promise<never> {
  const { request, dir, keeper, place, journal, emit, hold, runtime, started } = begun;
  const kept = request.options.keepOnFailure === true && !request.signal.aborted;
  await saveInspections(dir, started, stackMask(request.stack));
  emit({ type: "run.failed", error: report, kept });
  keeper.change((record) => ({ ...record, state: "failed", stay: kept, users: kept ? [] : record.users }));
  // What cannot be written must not keep anything running.
  await keeper.written().catch(() => {});
  const notRemoved = kept ? undefined : await remove(begun);
  if (notRemoved === undefined) hold.dismiss();
  // The guard goes on trying.
  else hold.leave();
  for (const instance of started.values()) instance.close();
  await place.close();
  await runtime.close();
  await journal.close();
  throw failureError(report, kept, request.name, notRemoved);
}

async function remove({
  request,
  dir,
  keeper,
  place,
  emit,
  started,
}: Begun): Promise<RollcallError | undefined> {
  const because = "the start has failed";
  const { now } = request.options;
  const record = keeper.current;
  try {
    await takeDown({ dir, record, emit, because, manner: "polite", now, instances: started, place });
    return undefined;
  } catch (error) {
    return asRollcallError(error);
  }
}

async function saveInspections(
  dir: string,
  started: ReadonlyMap<string, Instance>,
  mask: Mask,
): Promise<void> {
  const saves = [...started].map(async ([unit, instance]) => {
    const data = maskDeep(await instance.inspect(), mask);
    await writeFile(join(dir, "inspect", `${unit}.json`), `${JSON.stringify(data, null, 2)}\n`, {
      mode: 0o600,
      flag: "wx",
    });
  });
  await Promise.allSettled(saves);
}

function failureError(
  report: ErrorReport,
  kept: boolean,
  name: string,
  notRemoved: RollcallError | undefined,
): RollcallError {
  const { code, hint, ...rest } = report;
  const more = [
    ...(kept ? [`It was left up for a look: \`rollcall down --name ${name}\` removes it.`] : []),
    ...(notRemoved === undefined ? [] : [`Besides, ${notRemoved.message}`]),
  ];
  return new RollcallError(code, { ...rest, hint: [hint, ...more].join(" "), cause: notRemoved });
}
