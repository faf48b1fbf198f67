/*
 * A model beside outputs that are known: .npz, .json as `gatewise verify` reads them, or .safetensors of in/NAME and
 * out/NAME, with the number of steps, what is fed back and the tolerance in its metadata.
 */
import { type Tensor, tensor } from "gatewise";
import { parse } from "gatewise/safetensors";
import { readNpz } from "../../../src/formats/numpy/npz";
import { isChain, type Model } from "./opened";
import { runModel, runSteps, type Tensors } from "./run";

export interface Compared {
  readonly name: string;
  readonly numbers: number;
  /** The largest |got - expected|; Infinity where one is NaN. */
  readonly error: number;
  /** The same beside the largest |expected|, if that is above 1. */
  readonly relative: number;
}

export interface Verdict {
  readonly tolerance: number;
  readonly outputs: readonly Compared[];
}

export async function verifyFile(model: Model, file: File): Promise<Verdict> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (file.name.endsWith(".safetensors")) return ofTensors(model, bytes);
  const cases = file.name.endsWith(".npz")
    ? [ofArrays(Object.fromEntries(readNpz(bytes)), model)]
    : ofJson(JSON.parse(new TextDecoder().decode(bytes)));
  const outputs = cases.flatMap(({ inputs, expected }) =>
    compareAll(runModel(model, inputs), expected),
  );
  return { tolerance: 1e-5, outputs };
}

interface Case {
  readonly inputs: Tensors;
  readonly expected: Tensors;
}

/** The arrays of one case: those that have an output's name, and the others. */
function ofArrays(arrays: Tensors, model: Model): Case {
  const names = isChain(model)
    ? ["output"]
    : model.outputs.map(({ name }) => name);
  const pick = (outputs: boolean): Tensors =>
    Object.fromEntries(
      Object.entries(arrays).filter(
        ([name]) => names.includes(name) === outputs,
      ),
    );
  const expected = pick(true);
  if (Object.keys(expected).length) return { inputs: pick(false), expected };
  throw new RangeError(
    `arrays: expected ${names.join(", ")}, got ${Object.keys(arrays).join(", ")}`,
  );
}

/** `{ input, output }`, `{ inputs, outputs }`, or a list of these. */
function ofJson(value: unknown): Case[] {
  const all = (Array.isArray(value) ? value : [value]) as Record<
    string,
    never
  >[];
  const tensors = (record: Record<string, never>): Tensors =>
    Object.fromEntries(
      Object.entries(record).map(([name, numbers]) => [name, tensor(numbers)]),
    );
  return all.map(({ input, output, inputs, outputs }) => ({
    inputs: tensors(inputs ?? { input: input as never }),
    expected: tensors(outputs ?? { output: output as never }),
  }));
}

function ofTensors(model: Model, bytes: Uint8Array): Verdict {
  const { tensors, metadata } = parse(bytes);
  const under = (prefix: string): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  const [inputs, expected] = [under("in/"), under("out/")];
  if (!Object.keys(inputs).length || !Object.keys(expected).length)
    throw new RangeError(
      "cases: expected tensors named in/… and out/…, got " +
        Object.keys(tensors).slice(0, 4).join(", "),
    );
  const steps = Number(metadata["steps"] ?? 1);
  const feedback = JSON.parse(metadata["feedback"] ?? "{}");
  const got =
    steps > 1 && !isChain(model)
      ? runSteps(model, inputs, steps, feedback)
      : runModel(model, inputs);
  const tolerance = parseFloat(metadata["tolerance"] ?? "1e-5") || 1e-5;
  return { tolerance, outputs: compareAll(got, expected) };
}

function compareAll(got: Tensors, expected: Tensors): Compared[] {
  const names = Object.keys(expected);
  return names.map((name) => {
    // where there is one of each, names need not agree
    const single = names.length === 1 && Object.keys(got).length === 1;
    const output = got[name] ?? (single ? Object.values(got)[0] : undefined);
    const wanted = expected[name] as Tensor;
    if (!output)
      throw new RangeError(
        `outputs: expected ${name}, got ${Object.keys(got).join(", ")}`,
      );
    if (output.data.length !== wanted.data.length)
      throw new RangeError(
        `${name}: expected [${wanted.shape.join(", ")}], got [${output.shape.join(", ")}]`,
      );
    let [error, largest] = [0, 1];
    wanted.data.forEach((value, i) => {
      const difference = Math.abs(value - (output.data[i] as number));
      const same = Object.is(value, output.data[i]) || difference === 0;
      if (!same)
        error = Math.max(
          error,
          Number.isNaN(difference) ? Infinity : difference,
        );
      if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    });
    return {
      name,
      numbers: wanted.data.length,
      error,
      relative: error / largest,
    };
  });
}
