/** "850 ms", "2.5 s", "1 min 30 s"; measured ones keep their zeros ("2.50 s"), so that columns line up. */
export function sayDuration(ms: number, measured = false): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) {
    const seconds = (ms / 1000).toFixed(ms < 10_000 ? 2 : 1);
    return `${measured ? seconds : Number(seconds)} s`;
  }
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  return rest === 0 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 60)} min ${rest} s`;
}
