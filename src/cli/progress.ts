/*
 * The progress of long work: a bar in a terminal (cli-progress), an occasional line in a log. Work that takes less than
 * half a second shows nothing.
 */
import cliProgress from "cli-progress";

const FIRST_MS = 500;
/** Between two plain lines. */
const LINE_MS = 5000;

export interface Progress {
  /** `done` of the total. */
  update(done: number): void;
  /** Leaves no bar behind. */
  stop(): void;
}

/** @param what the work, in a word */
export function startProgress(
  what: string,
  total: number,
  quiet: boolean,
): Progress {
  if (quiet) return { update: () => undefined, stop: () => undefined };
  return process.stderr.isTTY ? showBar(what, total) : writeLines(what, total);
}

function showBar(what: string, total: number): Progress {
  const started = Date.now();
  const bar = new cliProgress.SingleBar({
    format: `${what} {bar} {percentage} % · {eta_formatted} left`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 30,
  });
  let shown = false;
  return {
    update(done) {
      if (!shown && Date.now() - started < FIRST_MS) return;
      if (!shown) bar.start(total, done);
      shown = true;
      bar.update(done);
    },
    stop: () => {
      if (shown) bar.stop();
    },
  };
}

function writeLines(what: string, total: number): Progress {
  let last = Date.now();
  return {
    update(done) {
      if (Date.now() - last < LINE_MS) return;
      last = Date.now();
      const percent = Math.floor((100 * done) / total);
      process.stderr.write(`${what}: ${percent} %\n`);
    },
    stop: () => undefined,
  };
}
