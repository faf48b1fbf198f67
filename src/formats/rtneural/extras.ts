/*
 * What AIDA-X adds to RTNeural's JSON:
 *
 *     in_skip 1            y = model(x) + x, of the first input
 *     in_gain, out_gain    decibels, before and behind all of that
 *     metadata, samplerate
 *     input_batch, output_batch   samples, and what the trained model gave for them
 */
import { message } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { AudioCase } from "../audio.js";
import { field, inside, integer, type Place, unexpected } from "../json.js";
import type { Part } from "./layers.js";

export interface Extras {
  /** 1 where the first input is added to the output, else 0. */
  readonly skip: number;
  /** Factors, 1 where the file has none. */
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

/** As a factor. More than ±200 dB is no gain that anyone meant, and would not stay within float32. */
function readGain(file: Place, name: string): number {
  const decibels = field(file, name) ?? 0;
  if (typeof decibels === "number" && Math.abs(decibels) <= 200)
    return 10 ** (decibels / 20);
  throw unexpected("decibels from -200 to 200", decibels, inside(file, name));
}

/** Works the gains into the weights: the input's into what the first layer does with the first input. */
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
  // what is added is the input itself: there is no factor for it alone
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

/** Of a matrix [O, I], or a convolution's [O, I / groups, K], whose first group alone sees the first input. */
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

/** The samples that the file carries to test itself, as [T, 1]; none where they are of another form. */
export function readCases(file: Place, inputSize: number): AudioCase[] {
  const input = samples(field(file, "input_batch"));
  const output = samples(field(file, "output_batch"));
  if (!input || !output || inputSize !== 1) return [];
  return input.shape[0] === output.shape[0] ? [{ input, output }] : [];
}

/** Numbers, or numbers each in a list of its own. */
function samples(value: unknown): Tensor | null {
  if (!Array.isArray(value) || !value.length) return null;
  const data = Float32Array.from(value as unknown[], (entry) => {
    const sample: unknown =
      Array.isArray(entry) && entry.length === 1 ? entry[0] : entry;
    return typeof sample === "number" ? sample : NaN;
  });
  return data.every(Number.isFinite) ? { shape: [data.length, 1], data } : null;
}
