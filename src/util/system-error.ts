/** It is not there: ENOENT, ENOTDIR; or, of a process, it has just ended. */
export function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ESRCH"].includes(codeOf(error));
}

/** It may be there, and this user may not see it. */
export function isRefusal(error: unknown): boolean {
  return ["EACCES", "EPERM"].includes(codeOf(error));
}

/** The machine could not look just now, which says nothing of what was looked for. */
export function isShortage(error: unknown): boolean {
  return ["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EIO"].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error ? String((error as NodeJS.ErrnoException).code ?? "") : "";
}
