/*
 * Reads the inputs of a model from a file of any kind, with columns chosen and numbers scaled.
 */
import type { Tensor } from "../../tensor.js";
import { type Arrays, readArrays } from "../data/arrays.js";
import type { Columns } from "../data/csv.js";
import { type Kind, kindOf } from "../data/kinds.js";
import { readWav } from "../data/wav.js";
import { readInput } from "../input.js";
import type { Loaded } from "../model.js";

export interface ReadGiven {
  readonly from?: Kind;
  readonly columns?: readonly string[];
  readonly knobs?: readonly number[];
  readonly scale?: number;
  readonly quiet?: boolean;
}

/** The sample rate if neither the model nor the input has one: that of most models. */
const USUAL_RATE = 48_000;

/** The columns of a CSV file to read; reports those that are left out. */
export function columnsOf(
  input: string,
  { columns, quiet }: Pick<ReadGiven, "columns" | "quiet">,
): Columns {
  return {
    columns,
    leftOut(names) {
      if (!quiet)
        process.stderr.write(
          `${input}: columns of dates left out: ${names.join(", ")}\n`,
        );
    },
  };
}

/** @returns the arrays, and the sample rate for audio */
export async function readGiven(
  { runner, sampleRate }: Loaded,
  input: string,
  options: ReadGiven,
): Promise<{ arrays: Arrays; rate: number }> {
  const { knobs = [], quiet, scale } = options;
  const from = kindOf(input, options.from, "jsonl", "--from");
  const rate = sampleRate ?? USUAL_RATE;
  if (from !== "wav") {
    const columns = columnsOf(input, options);
    const arrays = await readArrays(input, from, columns);
    return {
      arrays: scaled(arrays, scale === undefined ? 1 : 1 / scale),
      rate,
    };
  }
  const audio = readWav(await readInput(input));
  if (sampleRate !== null && sampleRate !== audio.sampleRate && !quiet)
    process.stderr.write(
      `${input}: ${audio.sampleRate} Hz, but the model was trained at ${sampleRate} Hz: it will sound different\n`,
    );
  const arrays = new Map([["", runner.fromAudio(audio, knobs)]]);
  return { arrays, rate: audio.sampleRate };
}

/** Every number times `factor`. */
export function scaled(arrays: Arrays, factor: number): Arrays {
  if (factor === 1) return arrays;
  return new Map(
    Array.from(arrays, ([name, { shape, data }]): [string, Tensor] => [
      name,
      { shape, data: data.map((value) => value * factor) },
    ]),
  );
}
