import { readFileSync } from "node:fs";
import type { Tensor } from "../../src/index.js";
import { tensorOf } from "../tfjs/files.js";

const folder = new URL("fixtures/", import.meta.url);

export const readFixture = (name: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(readFileSync(new URL(name, folder)));

/** The config of a file that has weights only. */
export const configOf = (name: string): string =>
  readFileSync(new URL(name, folder), "utf8");

type Printed = { shape: number[]; data: number[] };
const printed = JSON.parse(configOf("cases.json")) as Record<
  string,
  { input: Printed; output: Printed }
>;

/** The files that tools/make_keras_files.py wrote. */
export const names = Object.keys(printed).sort();

/** An input, and what Keras's equations give for it in float64. */
export function caseOf(name: string): { input: Tensor; output: Tensor } {
  const { input, output } = printed[name]!;
  return { input: tensorOf(input), output: tensorOf(output) };
}

/** What load needs besides the file. */
export const optionsFor = (name: string) =>
  name.includes("-only.")
    ? { config: configOf(name.replace(/\..*/, ".json")) }
    : {};
