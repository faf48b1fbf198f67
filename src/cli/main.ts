/** The program `gatewise`. @module */
import { FAILED, OK, textOf } from "./errors.js";
import { execute } from "./execute.js";
import { abortUnfinished } from "../data/output.js";

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    abortUnfinished();
    // by the signal itself, whose listener is gone: process.exit waits for a FIFO that is being opened, which may be for ever
    process.kill(process.pid, signal);
  });

// nobody reads what we have to say
process.stderr.on("error", () => undefined);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  abortUnfinished();
  // whoever read our output has read enough: that is no error, but there is nothing left to do
  if (error.code === "EPIPE") process.exit(OK);
  end(FAILED, textOf(error));
});

function end(code: number, error: string | null): void {
  if (error !== null) process.stderr.write(`gatewise: ${error}\n`);
  // not later, when standard input ends: who writes into it may wait for us
  process.exit(code);
}

const { code, error } = await execute(process.argv.slice(2));
if (error === null) process.exitCode = code;
else end(code, error);
