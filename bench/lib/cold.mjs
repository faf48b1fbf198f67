/** Cold start, timed from outside: whole processes, the two scripts in turn. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** @param {string} script */
function run(script) {
  const file = fileURLToPath(new URL(`../cold/${script}`, import.meta.url));
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [file]);
  const taken = performance.now() - start;
  if (status !== 0) throw new Error(`cold/${script} failed: ${stderr}`);
  return taken;
}

/** @param {number[]} values */
const median = (values) =>
  Number([...values].sort((a, b) => a - b)[values.length >> 1]);

/**
 * Milliseconds from process start to the first output of an LSTM(1 → 20), less Node's own start.
 *
 * @param {number} runs
 */
export function coldStart(runs) {
  /** @type {number[]} */
  const empty = [];
  /** @type {number[]} */
  const whole = [];
  run("lstm.mjs");
  for (let i = 0; i < runs; i++) {
    empty.push(run("empty.mjs"));
    whole.push(run("lstm.mjs"));
  }
  return {
    node: median(empty),
    first: median(whole),
    ours: median(whole) - median(empty),
    ownBest: Math.min(...whole) - Math.min(...empty),
  };
}
