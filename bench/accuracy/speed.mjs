/**
 * Passes of the models of examples/ and over the cases of ../shared in each precision, in turns: prints the best times as JSON.
 * A process of its own, so that any Node can be asked.
 *
 *     node bench/accuracy/speed.mjs FILE…
 */
import { quantize } from "gatewise/quantize";
import { casesOf, runOf, SETS } from "../lib/conformance.mjs";
import { turns } from "../lib/turns.mjs";
import { chains } from "./chains.mjs";
import { inPrecision, ROUNDED } from "./precisions.mjs";

const files = process.argv.slice(2);
/** @type {Record<string, Record<string, number>>} */
const times = {};

/** @param {string} name @param {(precision: import("./precisions.mjs").Precision) => () => unknown} pass */
async function time(name, pass) {
  const contenders = /** @type {const} */ (["float32", ...ROUNDED]).map(
    (precision) => ({ name: precision, run: pass(precision) }),
  );
  const timings = await turns(contenders, {
    warmup: 150,
    share: 250,
    least: 7,
  });
  times[name] = Object.fromEntries(
    Object.entries(timings).map(([precision, { best }]) => [precision, best]),
  );
}

for (const { name, model, pass } of chains())
  await time(name, (precision) => {
    const own =
      precision === "float32" ? model : quantize(model, { precision }).model;
    return () => pass(own);
  });
for (const own of SETS.flatMap((set) => casesOf(set) ?? []))
  if (files.includes(own.file))
    await time(own.file, (precision) =>
      runOf(inPrecision(own, precision), own),
    );
console.log(JSON.stringify({ node: process.version, times }));
