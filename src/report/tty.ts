import type { RunEvent } from "../journal/events.ts";
import { cut, formatDuration } from "./format.ts";
import { eventLine } from "./lines.ts";
import { type ReporterOptions, widthFor } from "./plain.ts";
import type { Reporter } from "./reporter.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;

/** The lines of the plain view above one live line, which says what is being waited for and what was seen last. */
export function createTtyReporter({ output, paint, width }: ReporterOptions): Reporter {
  let nameWidth = 8;
  let frame = 0;
  const waits = new Map<string, { since: number; text: string }>();
  let timer: NodeJS.Timeout | undefined;
  let shown = false;

  const clear = () => {
    if (shown) output.write("\r\x1b[K");
    shown = false;
  };
  const draw = () => {
    clear();
    const text = [...waits]
      .map(([name, wait]) => `${name} ${formatDuration(Date.now() - wait.since)} ${wait.text}`)
      .join("   ");
    if (text === "") return;
    frame = (frame + 1) % frames.length;
    output.write(`  ${paint("cyan", frames[frame] ?? "")} ${cut(text, width - 5)}`);
    shown = true;
  };

  return {
    on(event) {
      nameWidth = widthFor(event, nameWidth);
      noteWait(waits, event);
      // Long steps speak on the live line, not in a line each.
      const line =
        event.type === "prepare.progress" ? undefined : eventLine(event, { paint, width, nameWidth });
      clear();
      if (line !== undefined) output.write(`${line}\n`);
      if (waits.size > 0 && timer === undefined) timer = setInterval(draw, frameMs).unref();
      if (waits.size === 0) {
        clearInterval(timer);
        timer = undefined;
      } else draw();
    },
    end() {
      clearInterval(timer);
      timer = undefined;
      waits.clear();
      clear();
    },
  };
}

function noteWait(waits: Map<string, { since: number; text: string }>, event: RunEvent): void {
  switch (event.type) {
    case "prepare.progress":
      waits.set(event.service, { since: waits.get(event.service)?.since ?? Date.now(), text: event.text });
      break;
    case "start.requested":
      waits.set(event.service, { since: Date.now(), text: "starting" });
      break;
    case "probe.observed":
      waits.set(event.service, {
        since: waits.get(event.service)?.since ?? Date.now(),
        text: event.observed,
      });
      break;
    case "prepare.done":
    case "gate.opened":
    case "service.failed":
    case "service.exited":
    case "service.notStarted":
      waits.delete(event.service);
      break;
    case "run.failed":
    case "run.ready":
    case "run.stopped":
      waits.clear();
      break;
    default:
  }
}
