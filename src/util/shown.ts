import type { Mask } from "./mask.ts";
import { visible, visibleLine } from "./visible.ts";

/** Foreign text as it may be shown and kept. Masked on both sides of the cleaning: it may put a secret together. */
export function shown(text: string, mask: Mask): string {
  return mask(visible(mask(text)));
}

/** The same on one line. */
export function shownLine(text: string, mask: Mask): string {
  return mask(visibleLine(mask(text)));
}
