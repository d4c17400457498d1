import type { Exit } from "../../runtime/types.ts";
import type { RunSession } from "../session.ts";
import { changeUnit } from "../state/change-unit.ts";
import { currentInstance } from "./current-instance.ts";
import { locked } from "./locked.ts";
import type { RunWatch } from "./watch-run.ts";

/** Ends a service as a crash would, and tells every user of the run beforehand that it is no failure. */
export function killService(name: string, session: RunSession, watch: RunWatch): Promise<Exit> {
  return locked(`killing ${name}`, session, async () => {
    const instance = await currentInstance(name, session, watch);
    // Its children may still be there; its own end has been told.
    if ((await instance.alive()) === undefined) return instance.kill();
    watch.forget(instance);
    await changeUnit(session.dir, name, { ending: instance.incarnation });
    const exit = await instance.kill();
    session.emit({ type: "service.exited", service: name, exit, expected: true });
    return exit;
  });
}
