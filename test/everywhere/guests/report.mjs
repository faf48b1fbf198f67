// What each runtime is asked: where it is, the conformance, and how fast its fastest backend is.
import { cases } from "./cases.mjs";
import { bytesOf, conformance } from "./conformance.mjs";
import { training } from "./training.mjs";

/**
 * @typedef {import("./conformance.mjs").Gatewise} Gatewise
 * @typedef {import("./conformance.mjs").Parse} Parse
 * @typedef {() => number | Promise<number>} Now milliseconds
 *
 * @typedef {{
 *   scope: string,
 *   webAssembly: "absent" | "refused" | "runs",
 *   arrays: "own" | "foreign",
 * }} Facts what the place is like, seen from inside and without the library: its global object, whether it compiles
 *   bytes to WebAssembly, and whether the arrays that the cases come in are those of this realm
 *
 * @typedef {{
 *   facts: Facts,
 *   chosen: import("gatewise").Backend,
 *   results: import("./conformance.mjs").Result[],
 *   trained: import("./training.mjs").Trained[],
 *   first: number,
 *   small: number,
 *   large: number,
 *   many: string,
 * }} Report many: what came of more models than a host has room for memories; trained: none
 *   where gatewise/train was not loaded; times: first in ms, small and large in µs a step
 */

/**
 * @param {() => Promise<{ gatewise: Gatewise, parse: Parse, train?: import("./training.mjs").Train }>} load
 * @param {Now} now
 * @returns {Promise<Report>}
 */
export async function report(load, now) {
  const start = await now();
  const { gatewise, parse, train } = await load();
  new gatewise.LSTM({ inputSize: 1, hiddenSize: 20 }).forward([[1]]);
  const first = (await now()) - start;
  return {
    facts: factsOf(parse),
    chosen: gatewise.currentBackend(),
    first,
    small: await stepTime(gatewise, { inputSize: 1, hiddenSize: 20 }, now),
    large: await stepTime(gatewise, { inputSize: 128, hiddenSize: 128 }, now),
    results: conformance(gatewise, parse),
    trained: train ? await training(gatewise, parse, train) : [],
    many: many(gatewise),
  };
}

/** @param {Parse} parse @returns {Facts} */
function factsOf(parse) {
  const { tensors } = parse(bytesOf(cases[0]?.file ?? ""));
  const own = Object.values(tensors).every(
    ({ data }) => data instanceof Float32Array,
  );
  return {
    scope: Object.prototype.toString.call(globalThis).slice(8, -1),
    webAssembly: webAssembly(),
    arrays: own ? "own" : "foreign",
  };
}

/** The smallest module there is. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

function webAssembly() {
  if (typeof WebAssembly === "undefined") return "absent";
  try {
    new WebAssembly.Instance(new WebAssembly.Module(EMPTY));
    return "runs";
  } catch {
    return "refused";
  }
}

/** Chromium has room for a hundred memories. */
const MANY = 1000;

/**
 * MANY models side by side, which must all give the same; without a FinalizationRegistry each has a memory of its own.
 *
 * @param {Gatewise} gatewise
 */
function many({ LSTM }) {
  const count = typeof FinalizationRegistry === "undefined" ? 10 : MANY;
  try {
    const layers = Array.from(
      { length: count },
      () => new LSTM({ inputSize: 1, hiddenSize: 8, seed: 1 }),
    );
    const streams = layers.map((layer) => layer.stream());
    const outputs = streams.map((stream) => String(stream.step([1])));
    for (const layer of layers) layer.dispose();
    const all = new Set(outputs);
    return all.size === 1 ? "run" : `give ${all.size} different outputs`;
  } catch (error) {
    return String(error);
  }
}

/** Clocks in browsers tick once a millisecond or so. */
const SHORTEST_RUN = 60;

/**
 * µs a step, the best of four runs that took at least 60 ms.
 *
 * @param {Gatewise} gatewise
 * @param {{ inputSize: number, hiddenSize: number }} options
 * @param {Now} now
 */
async function stepTime({ LSTM }, options, now) {
  const stream = new LSTM(options).stream();
  const frame = new Float32Array(options.inputSize).fill(0.5);
  const out = new Float32Array(options.hiddenSize);
  let best = Infinity;
  for (let steps = 64, runs = 0; runs < 4;) {
    const start = await now();
    for (let i = 0; i < steps; i++) stream.step(frame, out);
    const took = (await now()) - start;
    if (took < SHORTEST_RUN) {
      steps *= 2; // also after longer ones, which the machine had then interrupted
      [best, runs] = [Infinity, 0];
    } else {
      best = Math.min(best, took / steps);
      runs++;
    }
  }
  return best * 1000;
}
