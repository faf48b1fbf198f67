import { readdirSync, readFileSync } from "node:fs";
import type { Tensor } from "../../src/index.js";

const folder = new URL("fixtures/", import.meta.url);

/** The models that tools/tfjs/make_models.mjs made. */
export const names = readdirSync(folder).sort();

export type Files = Record<string, Uint8Array>;

/** model.json and its weight files. */
export function filesOf(name: string): Files {
  const path = new URL(`${name}/`, folder);
  const files = readdirSync(path).filter((file) => file !== "case.json");
  return Object.fromEntries(
    files.map((file) => [file, readFileSync(new URL(file, path))]),
  );
}

/** An input, and what TensorFlow.js computed for it. */
export function caseOf(name: string): { input: Tensor; output: Tensor } {
  const path = new URL(`${name}/case.json`, folder);
  const { input, output } = JSON.parse(readFileSync(path, "utf8"));
  return { input: tensorOf(input), output: tensorOf(output) };
}

export function tensorOf({
  shape,
  data,
}: {
  shape: number[];
  data: number[];
}): Tensor {
  return { shape, data: Float32Array.from(data) };
}
