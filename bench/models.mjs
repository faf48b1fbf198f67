/**
 * npm run bench:models: loads the whole models of ../shared/conformance/models, runs them on every backend of this host, and
 * prints how far each is from its expected outputs. Build first. `-- onnx tflite` for some of the sets.
 */

import { load } from "gatewise/load";
import { casesOf, passOf, SETS } from "./lib/conformance.mjs";
import { availableBackends } from "./lib/host.mjs";
import { table } from "./lib/text.mjs";

/** @typedef {import("./lib/conformance.mjs").Case} Case */

const BACKENDS = availableBackends();

/**
 * The largest error, relative to the largest expected number from 1 on.
 *
 * @param {Record<string, Float32Array>} found @param {Case["outputs"]} expected
 */
function worstOf(found, expected) {
  let worst = 0;
  for (const [name, { data }] of Object.entries(expected)) {
    const own = found[name];
    if (own?.length !== data.length) worst = NaN;
    const largest = data.reduce((all, x) => Math.max(all, Math.abs(x)), 1);
    data.forEach((x, k) => {
      const error = Math.abs((own?.[k] ?? NaN) - x) / largest;
      if (!(error <= worst)) worst = error;
    });
  }
  return worst;
}

/** @param {Case} own @returns {string[]} */
function rowOf(own) {
  const { file, bytes, options, outputs, metadata } = own;
  const known = Object.keys(outputs).length > 0;
  const errors = [];
  for (const backend of BACKENDS) {
    try {
      const { model } = load(bytes, { ...options, backend });
      errors.push(
        known
          ? worstOf(passOf(model, own)(), outputs).toExponential(1)
          : "loads",
      );
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      return [file, `${name}: ${message}`.replace(/\s+/g, " ").slice(0, 70)];
    }
  }
  return [
    file,
    ...errors,
    (metadata["tolerance"] ?? "").replace(/[ (,].*/, ""),
  ];
}

const wanted = process.argv.slice(2);
for (const set of SETS) {
  if (wanted.length && !wanted.includes(set)) continue;
  const cases = casesOf(set);
  if (!cases) {
    console.log(`${set}: ../shared is absent`);
    continue;
  }
  const row = table([set, ...BACKENDS, "tolerance"], [36, 9]);
  for (const own of cases) row(rowOf(own));
  console.log();
}
