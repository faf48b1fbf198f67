/*
 * The fields that AIDA-X adds to RTNeural's JSON:
 *
 *     in_skip 1            y = model(x) + the first input of x
 *     in_gain, out_gain    decibels, applied before and after all of that
 *     metadata, samplerate
 *     input_batch, output_batch   samples, and the trained model's outputs for them
 */
import { message } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { AudioCase } from "../audio.js";
import { field, inside, integer, type Place, unexpected } from "../json.js";
import type { Part } from "./layers.js";

export interface Extras {
  /** 1 if the first input is added to the output, else 0. */
  readonly skip: number;
  /** Factors, 1 if the file has none. */
  readonly inputGain: number;
  readonly outputGain: number;
  /** Whether the file has any of this: an AIDA-X file. */
  readonly any: boolean;
  readonly converted: readonly string[];
}

export function readExtras(file: Place): Extras {
  const skip = integer(file, "in_skip", { least: 0, absent: 0 });
  if (skip > 1) throw unexpected("0 or 1", skip, inside(file, "in_skip"));
  const inputGain = readGain(file, "in_gain");
  const outputGain = readGain(file, "out_gain");
  const converted: string[] = [];
  if (skip) converted.push("in_skip: the input is added to the output");
  for (const [name, gain] of [
    ["in_gain", inputGain],
    ["out_gain", outputGain],
  ] as const) {
    const where = name === "in_gain" ? "first" : "last";
    if (gain !== 1)
      converted.push(
        `${name}: a factor of ${gain.toPrecision(4)}, in the ${where} layer's weights`,
      );
  }
  return {
    skip,
    inputGain,
    outputGain,
    any: AIDA_FIELDS.some((name) => field(file, name) !== undefined),
    converted,
  };
}

const AIDA_FIELDS = [
  "in_skip",
  "in_gain",
  "out_gain",
  "input_batch",
  "metadata",
];

/** A gain as a factor. More than ±200 dB cannot be meant, and could leave float32's range. */
function readGain(file: Place, name: string): number {
  const decibels = field(file, name) ?? 0;
  if (typeof decibels === "number" && Math.abs(decibels) <= 200)
    return 10 ** (decibels / 20);
  throw unexpected("decibels from -200 to 200", decibels, inside(file, name));
}

/** Multiplies the gains into the weights: the first layer's for the first input, and the last layer's. */
export function applyGains(parts: readonly Part[], extras: Extras): void {
  const { inputGain, outputGain, skip } = extras;
  const [first] = parts;
  const last = parts.at(-1);
  if (inputGain !== 1 && first) {
    const weight = first.dict["weight"] ?? first.dict["weight_ih_l0"];
    if (!weight)
      throw new FormatError(
        `in_gain: expected a layer with weights before it, got ${first.described.type}`,
      );
    const mean = first.dict["running_mean"];
    if (mean) {
      // γ (g x - μ) = γ g (x - μ / g)
      scaleFirst(weight, inputGain);
      scaleFirst(mean, 1 / inputGain);
    } else scaleFirstInput(weight, inputGain, first.options?.groups ?? 1);
  }
  if (outputGain !== 1 && last) {
    if (!last.dict["weight"] || last.activation !== "linear") {
      throw new FormatError(
        `out_gain: expected a dense layer without activation at the end, got ${last.described.type}`,
      );
    }
    for (const name of ["weight", "bias"]) {
      const data = last.dict[name]?.data ?? [];
      for (let i = 0; i < data.length; i++)
        data[i] = (data[i] as number) * outputGain;
    }
  }
  // the skip adds the unscaled input, which no weight can scale
  const factor = inputGain * outputGain;
  if (!skip || Math.abs(factor - 1) < 1e-6) return;
  const got = `a factor of ${factor.toPrecision(4)}`;
  throw new FormatError(
    message("in_skip", "in_gain and out_gain that cancel out", got),
  );
}

function scaleFirst({ data }: Tensor, gain: number): void {
  data[0] = (data[0] as number) * gain;
}

/** Of a matrix [O, I], or a convolution's [O, I / groups, K], of which only the first group has the first input. */
function scaleFirstInput(
  { shape, data }: Tensor,
  gain: number,
  groups: number,
): void {
  const [rows, columns, taps = 1] = shape as [number, number, number?];
  for (let row = 0; row < rows / groups; row++)
    for (let tap = 0; tap < taps; tap++) {
      const at = row * columns * taps + tap;
      data[at] = (data[at] as number) * gain;
    }
}

/** The file's test samples, as [T, 1]; none if they have another form. */
export function readCases(file: Place, inputSize: number): AudioCase[] {
  const input = samples(field(file, "input_batch"));
  const output = samples(field(file, "output_batch"));
  if (!input || !output || inputSize !== 1) return [];
  return input.shape[0] === output.shape[0] ? [{ input, output }] : [];
}

/** A list of numbers, or of lists of one number. */
function samples(value: unknown): Tensor | null {
  if (!Array.isArray(value) || !value.length) return null;
  const data = Float32Array.from(value as unknown[], (entry) => {
    const sample: unknown =
      Array.isArray(entry) && entry.length === 1 ? entry[0] : entry;
    return typeof sample === "number" ? sample : NaN;
  });
  return data.every(Number.isFinite) ? { shape: [data.length, 1], data } : null;
}
