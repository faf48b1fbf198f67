/** The program `gatewise`. @module */
import { FAILED, OK, textOf } from "./errors.js";
import { execute } from "./execute.js";
import { abortUnfinished } from "../data/output.js";

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    abortUnfinished();
    // by the signal itself, whose listener is gone: process.exit would wait for a FIFO that is being opened, perhaps forever
    process.kill(process.pid, signal);
  });

// nobody is reading our messages any more
process.stderr.on("error", () => undefined);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  abortUnfinished();
  // the reader of our output has closed it: not an error, but there is nothing left to do
  if (error.code === "EPIPE") process.exit(OK);
  end(FAILED, textOf(error));
});

function end(code: number, error: string | null): void {
  if (error !== null) process.stderr.write(`gatewise: ${error}\n`);
  // now, not when standard input ends: its writer may be waiting for us
  process.exit(code);
}

const { code, error } = await execute(process.argv.slice(2));
if (error === null) process.exitCode = code;
else end(code, error);
