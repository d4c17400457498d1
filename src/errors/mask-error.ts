import { isDeepStrictEqual } from "node:util";
import type { Mask } from "../util/mask.ts";
import { mapTexts } from "./report.ts";
import { RollcallError } from "./rollcall-error.ts";

/** The same error with every secret in its texts replaced; the very error when there is none. */
export function maskError(error: RollcallError, mask: Mask): RollcallError {
  const masked = mapTexts(error.report, mask);
  if (isDeepStrictEqual(masked, error.report)) return error;
  const { code, ...details } = masked;
  return new RollcallError(code, { ...details, cause: error.cause });
}
