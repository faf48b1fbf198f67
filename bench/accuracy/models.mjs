/** The whole models of ../shared: how far outputs are from float32's, and what is saved. */
import { casesOf, passOf, SETS } from "../lib/conformance.mjs";
import { hasIntegers, inPrecision, ROUNDED } from "./precisions.mjs";

/**
 * @typedef {import("../lib/conformance.mjs").Case} Case
 * @typedef {import("./precisions.mjs").Rounded} Rounded
 *
 * @typedef {{ rms: number, largest: number }} Far of the output that is farthest: the root of the mean square beside that of float32's, and the largest error beside its largest number
 *
 * @typedef {object} Whole
 * @property {string} file
 * @property {Record<Rounded, Far>} errors
 * @property {{ float32: number, int8: number }} bytes
 */

/** @returns {{ models: Whole[], unchanged: string[], refused: string[] }} */
export function wholeModels() {
  /** @type {ReturnType<typeof wholeModels>} */
  const found = { models: [], unchanged: [], refused: [] };
  for (const own of SETS.flatMap((set) => casesOf(set) ?? [])) {
    const { file } = own;
    let float32;
    try {
      float32 = inPrecision(own, "float32");
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "FormatError")
        throw error;
      found.refused.push(file);
      continue;
    }
    const int8 = inPrecision(own, "int8");
    const saved = int8.save();
    if (!hasIntegers(saved)) {
      found.unchanged.push(file);
      continue;
    }
    const exact = passOf(float32, own)();
    const errors = ROUNDED.map((precision) => {
      const model = precision === "int8" ? int8 : inPrecision(own, precision);
      return [precision, farthest(exact, passOf(model, own)(), own)];
    });
    found.models.push({
      file,
      errors: Object.fromEntries(errors),
      bytes: { float32: float32.save().length, int8: saved.length },
    });
  }
  return found;
}

/**
 * States are no part of it: what is wrong with them is seen in later steps.
 *
 * @param {Record<string, Float32Array>} exact @param {Record<string, Float32Array>} own @param {Case} of
 * @returns {Far}
 */
function farthest(exact, own, { metadata, file }) {
  /** @type {Record<string, string>} */
  const feedback = JSON.parse(metadata["feedback"] ?? "{}");
  const states = Object.values(feedback);
  const outputs = Object.entries(exact).filter(
    ([name]) => !states.includes(name),
  );
  const all = outputs.map(([name, values]) => {
    const others = own[name] ?? [];
    let [errors, squares, largest, most] = [0, 0, 0, 0];
    values.forEach((value, i) => {
      const error = Number(others[i]) - value;
      errors += error * error;
      squares += value * value;
      largest = Math.max(largest, Math.abs(error));
      most = Math.max(most, Math.abs(value));
    });
    const far = { rms: Math.sqrt(errors / squares), largest: largest / most };
    if (!(far.rms < Infinity && far.largest < Infinity))
      throw new Error(`${file}, ${name}: expected finite outputs`);
    return far;
  });
  return all.reduce((worst, far) => (far.rms > worst.rms ? far : worst));
}
