/** `gatewise verify FILE [CASES]`: a model beside the framework that trained it. @module */
import { shapeText } from "../../checks.js";
import { FormatError, Sequential } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import { type Case, readCases } from "../data/cases.js";
import { about, Failed, UsageError } from "../errors.js";
import { type Loaded, loadModel } from "../model.js";
import { openOutput } from "../output.js";
import { runArrays } from "../run/inputs.js";
import type { CommonOptions } from "./options.js";

export interface VerifyOptions extends CommonOptions {
  readonly tolerance: number;
}

/** The largest error of an output over all cases. */
interface Verdict {
  readonly output: string;
  readonly error: number;
  readonly passed: boolean;
}

export async function verify(
  file: string,
  casesFile: string | undefined,
  { tolerance, json, backend }: VerifyOptions,
): Promise<void> {
  const loaded = await loadModel(file, backend);
  const cases = await casesFor(loaded, file, casesFile);
  const errors = await about(casesFile ?? file, () => worst(loaded, cases));
  const verdicts = Array.from(errors, ([name, error]): Verdict => ({
    output: name || "output",
    error,
    passed: error <= tolerance,
  }));
  const passed = verdicts.every((verdict) => verdict.passed);
  const output = openOutput("-");
  const result = { file, cases: cases.length, tolerance, passed };
  if (json)
    await output.write(`${JSON.stringify({ ...result, outputs: verdicts })}\n`);
  else
    for (const { output: name, error, passed: right } of verdicts)
      await output.write(
        `${right ? "ok    " : "FAILED"}  ${name}: largest error ${error.toExponential(2)}, tolerance ${tolerance}\n`,
      );
  if (!passed) throw new Failed();
}

async function casesFor(
  { model, cases }: Loaded,
  file: string,
  casesFile: string | undefined,
): Promise<Case[]> {
  if (casesFile !== undefined) {
    const names =
      model instanceof Sequential ? [] : model.outputs.map(({ name }) => name);
    return about(casesFile, () => readCases(casesFile, names));
  }
  if (!cases.length)
    throw new UsageError(
      `${file}: expected CASES, an .npz or .json file: this one carries none itself`,
    );
  return cases.map(({ input, output }) => ({
    inputs: new Map([["", input]]),
    outputs: new Map([["", output]]),
  }));
}

async function worst(
  { model }: Loaded,
  cases: readonly Case[],
): Promise<Map<string, number>> {
  const errors = new Map<string, number>();
  for (const { inputs, outputs } of cases) {
    const results = await runArrays(model, inputs, () => undefined);
    for (const [name, expected] of outputs) {
      const got = results.get(name);
      if (!got) {
        const names = [...results.keys()].join(", ");
        throw new FormatError(`${name}: expected one of the outputs ${names}`);
      }
      const error = largestError(got, expected, name);
      errors.set(name, Math.max(errors.get(name) ?? 0, error));
    }
  }
  return errors;
}

/** Infinite where one is NaN and the other is not. */
function largestError(got: Tensor, expected: Tensor, name: string): number {
  if (got.data.length !== expected.data.length)
    throw new FormatError(
      `${name || "output"}: expected ${shapeText(expected.shape)}, got ${shapeText(got.shape)}`,
    );
  let largest = 0;
  got.data.forEach((value, i) => {
    const right = expected.data[i] as number;
    if (value === right || (Number.isNaN(value) && Number.isNaN(right))) return;
    const error = Math.abs(value - right);
    largest = Math.max(largest, Number.isNaN(error) ? Infinity : error);
  });
  return largest;
}
