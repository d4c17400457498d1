import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleRollcall } from "./bundle.ts";

/** Once for the suite: rollcall in one bundle, and a state folder that is nobody's. */
export default async function setUp(): Promise<() => void> {
  const bundle = await bundleRollcall();
  const state = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-faults-state-")));
  process.env["ROLLCALL_FAULTS_BUNDLE"] = bundle.dir;
  process.env["XDG_STATE_HOME"] = state;
  return () => {
    bundle.remove();
    rmSync(state, { recursive: true, force: true });
  };
}
