import { guesses } from "./guesses.ts";
import { errorTable } from "./table.ts";

/** The text of docs/errors.md: every code, and every cause that is recognised. */
export function errorsPage(): string {
  const codes = Object.entries(errorTable).map(
    ([code, { sentence, cause, cure, exit }]) =>
      `### ${code}\n\n${sentence}\n\n- **Likely cause:** ${cause}\n- **Cure:** ${cure}\n- **Exit code:** ${exit}\n`,
  );
  const causes = guesses.map(
    ({ id, sign, cause, cure }) => `### ${id}\n\n*${sign}*\n\n${withGaps(cause)} ${withGaps(cure)}\n`,
  );
  return [
    "# Errors",
    "",
    "Made from the tables in `src/errors`; `UPDATE=1 npx vitest run test/errors` writes it anew.",
    "",
    "Every error names its code, the service, the last thing that was seen of it, how it ended, its last log lines, and a",
    "hint. When the evidence speaks for one of the [recognised causes](#recognised-causes), the hint is that cause and its",
    "cure; otherwise those of the code.",
    "",
    "## Codes",
    "",
    ...codes,
    "## Recognised causes",
    "",
    "The first that fits is told. `…` stands for what was found.",
    "",
    ...causes,
  ].join("\n");
}

function withGaps(text: string): string {
  return text.replace(/\{\w+\}/g, "…");
}
