/** `gatewise verify FILE [CASES]`: compares a model with the framework that trained it. @module */
import { shapeText } from "../../checks.js";
import {
  type VerifiedOutput,
  verify as compare,
} from "../../formats/verify.js";
import { type Case, readCases } from "../data/cases.js";
import { about, Failed, UsageError } from "../errors.js";
import { type Loaded, loadModel } from "../model.js";
import { openOutput } from "../../data/output.js";
import type { CommonOptions } from "./options.js";

export interface VerifyOptions extends CommonOptions {
  readonly tolerance: number;
}

/** @throws Failed if an error exceeds the tolerance, after reporting it */
export async function verify(
  file: string,
  casesFile: string | undefined,
  { tolerance, json, ...reading }: VerifyOptions,
): Promise<void> {
  const loaded = await loadModel(file, reading);
  const { model, runner } = loaded;
  const cases = await casesFor(loaded, file, casesFile);
  // with an infinite tolerance it does not throw, so that all errors can be reported
  const { outputs } = await about(casesFile ?? file, () =>
    compare(
      model,
      cases.map((given) => runner.toCase(given)),
      { tolerance: Infinity },
    ),
  );
  const passed = outputs.every(({ error }) => error <= tolerance);
  const result = { file, passed, tolerance, cases: cases.length, outputs };
  const text = json
    ? JSON.stringify(result)
    : outputs.map((output) => lineFor(output, tolerance)).join("\n");
  await (await openOutput("-")).write(`${text}\n`);
  if (!passed) throw new Failed();
}

function lineFor(output: VerifiedOutput, tolerance: number): string {
  const { name, numbers, error, worst } = output;
  const word = error <= tolerance ? "ok" : "FAILED";
  const where =
    worst && error > 0
      ? `, in case ${worst.case} at ${shapeText(worst.index)}: expected ${worst.expected}, got ${worst.got}`
      : "";
  return `${word}: ${name}, ${numbers} numbers, largest error ${error.toPrecision(2)} of ${tolerance}${where}`;
}

async function casesFor(
  { runner, cases }: Loaded,
  file: string,
  casesFile: string | undefined,
): Promise<Case[]> {
  if (casesFile !== undefined)
    return about(casesFile, () => readCases(casesFile, runner.outputNames));
  if (!cases.length)
    throw new UsageError(
      `${file}: expected CASES, an .npz or .json file: the model file has none itself`,
    );
  return cases.map(({ input, output }) => ({
    inputs: new Map([["", input]]),
    outputs: new Map([["", output]]),
  }));
}
