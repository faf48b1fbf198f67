// What each runtime is asked: the conformance, and how fast its fastest backend is.
import { conformance } from "./conformance.mjs";

/**
 * @typedef {import("./conformance.mjs").Gatewise} Gatewise
 * @typedef {import("./conformance.mjs").Parse} Parse
 * @typedef {() => number | Promise<number>} Now milliseconds
 *
 * @typedef {{
 *   chosen: import("gatewise").Backend,
 *   results: import("./conformance.mjs").Result[],
 *   first: number,
 *   small: number,
 *   large: number,
 * }} Report times: first in ms, small and large in µs a step
 */

/**
 * @param {() => Promise<{ gatewise: Gatewise, parse: Parse }>} load
 * @param {Now} now
 * @returns {Promise<Report>}
 */
export async function report(load, now) {
  const start = await now();
  const { gatewise, parse } = await load();
  new gatewise.LSTM({ inputSize: 1, hiddenSize: 20 }).forward([[1]]);
  const first = (await now()) - start;
  return {
    chosen: gatewise.currentBackend(),
    first,
    small: await stepTime(gatewise, { inputSize: 1, hiddenSize: 20 }, now),
    large: await stepTime(gatewise, { inputSize: 128, hiddenSize: 128 }, now),
    results: conformance(gatewise, parse),
  };
}

/** Clocks in browsers tick once a millisecond or so. */
const SHORTEST_RUN = 60;

/**
 * µs a step, the best of three runs of at least 60 ms, after as long a warm-up.
 *
 * @param {Gatewise} gatewise
 * @param {{ inputSize: number, hiddenSize: number }} options
 * @param {Now} now
 */
async function stepTime({ LSTM }, options, now) {
  const stream = new LSTM(options).stream();
  const frame = new Float32Array(options.inputSize).fill(0.5);
  const out = new Float32Array(options.hiddenSize);
  const run = async (/** @type {number} */ steps) => {
    const start = await now();
    for (let i = 0; i < steps; i++) stream.step(frame, out);
    return (await now()) - start;
  };
  let steps = 64;
  while ((await run(steps)) < SHORTEST_RUN) steps *= 2;
  let best = Infinity;
  for (let i = 0; i < 3; i++) best = Math.min(best, await run(steps));
  return (best / steps) * 1000;
}
