/** Does the work once more when it was asked for meanwhile, and never twice at once. Its errors are its own to tell. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let again = false;
  let working: Promise<void> | undefined;
  const repeat = async (): Promise<void> => {
    while (again) {
      again = false;
      await work().catch(() => {});
    }
    working = undefined;
  };
  return () => {
    again = true;
    working ??= repeat();
    return working;
  };
}
