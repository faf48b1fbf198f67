/*
 * The options of `gatewise train`: which of them go together, and what the library says about them.
 */
import type { Loss, Optimizer, Schedule } from "../../training/index.js";
import type { Kind } from "../data/kinds.js";
import { FileError, UsageError } from "../errors.js";
import type { CommonOptions } from "./options.js";

export interface TrainCommandOptions extends CommonOptions {
  readonly out?: string;
  readonly loss?: Loss;
  readonly optimizer?: Optimizer | Optimizer["name"];
  readonly learningRate?: number;
  readonly schedule?: Schedule;
  readonly epochs: number;
  readonly batchSize: number;
  readonly validation?: number;
  readonly patience?: number;
  readonly metrics?: readonly string[];
  readonly clipNorm?: number;
  readonly accumulate?: number;
  readonly truncate?: number;
  readonly burnIn?: number;
  readonly skip?: number;
  readonly freeze?: readonly string[];
  readonly seed?: number;
  readonly columns?: readonly string[];
  readonly targets?: readonly string[];
  readonly segment?: number;
  readonly checkpoint?: string;
  readonly resume?: boolean;
  readonly quiet?: boolean;
}

type Name = keyof TrainCommandOptions;

/** The default: half a second at 48 kHz. */
export const SEGMENT = 24_000;

/** Arguments that would be ignored, or that do not fit each other. */
export function checkUsage(
  file: string,
  input: string,
  kind: Kind,
  options: TrainCommandOptions,
): void {
  const { columns, targets, segment, out, json, checkpoint } = options;
  const only = (name: string, value: unknown, kinds: readonly Kind[]) => {
    if (value !== undefined && !kinds.includes(kind))
      throw new UsageError(
        `--${name}: expected ${kinds.join(" or ")} as DATA, got ${kind}`,
      );
  };
  only("columns", columns, ["csv"]);
  only("targets", targets, ["csv"]);
  only("segment", segment, ["csv", "wav"]);
  const needs = (name: Name, other: Name) => {
    if (options[name] !== undefined && options[other] === undefined)
      throw new UsageError(`--${dashed(name)}: expected --${other} as well`);
  };
  needs("resume", "checkpoint");
  needs("burnIn", "truncate");
  needs("patience", "validation");
  needs("metrics", "validation");
  if (file === "-" && input === "-")
    throw new UsageError("-: expected one of MODEL and DATA, got both");
  if (file === "-" && out === undefined)
    throw new UsageError("--out: expected a file, as MODEL has no name");
  if (json && out === "-")
    throw new UsageError("--out: expected a file beside --json, got -");
  if (checkpoint === "-")
    throw new UsageError("--checkpoint: expected a file, got -");
}

const dashed = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * What the library refuses: an option under its name here, else data, with the file's name.
 *
 * @param given options by the library's names
 * @param input the file of the data; none: it was not about data
 */
export function refused(
  error: unknown,
  given: object,
  input?: string,
): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError))
    return error;
  const [place = "", name = ""] =
    /^(?:truncate\.)?(\w+)/.exec(error.message) ?? [];
  if (Object.hasOwn(given, name))
    return new UsageError(
      `--${dashed(name)}${error.message.slice(place.length)}`,
    );
  return input === undefined ? error : new FileError(input, error);
}
