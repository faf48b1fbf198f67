/*
 * Runs a command line.
 */
import { CommanderError } from "commander";
import { Failed, FAILED, OK, textOf, USAGE, UsageError } from "./errors.js";
import { abortUnfinished } from "../data/output.js";
import { createProgram } from "./program.js";

export interface Ended {
  readonly code: number;
  /** One line; null if nothing went wrong. */
  readonly error: string | null;
}

/** @param args without the program's own name */
export async function execute(args: readonly string[]): Promise<Ended> {
  try {
    if (!args.length)
      throw new UsageError("expected a command; gatewise --help lists them");
    await createProgram().parseAsync(args, { from: "user" });
    return { code: OK, error: null };
  } catch (error) {
    abortUnfinished();
    if (error instanceof Failed) return { code: FAILED, error: null };
    if (!(error instanceof CommanderError))
      return {
        code: error instanceof UsageError ? USAGE : FAILED,
        error: textOf(error),
      };
    // --help and --version have been printed
    if (error.exitCode === 0) return { code: OK, error: null };
    return { code: USAGE, error: textOf(error).replace(/^error: /, "") };
  }
}
