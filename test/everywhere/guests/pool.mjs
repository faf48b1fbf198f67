// gatewise/worker as this runtime has it: a batch over two workers against one worker and against this thread, to the
// bit on every backend and in time, and work that is given up.
import { backendsOf } from "./conformance.mjs";
import {
  EXAMPLES,
  FIT,
  hashOfCheckpoint,
  modelOf,
  OPTIONS,
} from "./training.mjs";

/**
 * @typedef {import("./conformance.mjs").Gatewise} Gatewise
 * @typedef {import("gatewise").Backend} Backend
 * @typedef {(workers: number, backend?: Backend) => import("gatewise/worker").Pool} Open
 *
 * @typedef {{
 *   backends: readonly Backend[],
 *   problems: readonly string[],
 *   here: number,
 *   one: number,
 *   two: number,
 *   cancelled: number,
 * }} PoolReport times of a batch of 256 in ms: on this thread, in one worker, over two; and from an abort to the
 *   rejection
 */

const BATCH = 256;

/**
 * The same numbers everywhere, from -1 to 1.
 *
 * @param {readonly number[]} shape
 */
function noise(shape) {
  const data = new Float32Array(shape.reduce((a, b) => a * b));
  let state = 7;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = state / 2 ** 31;
  }
  return { shape, data };
}

/**
 * @param {Gatewise} gatewise
 * @param {number} size
 * @param {Backend | "auto"} [backend]
 */
const model = ({ LSTM, Linear, Sequential }, size, backend = "auto") =>
  new Sequential([
    new LSTM({ inputSize: size, hiddenSize: size, numLayers: 2, backend }),
    new Linear({ inputSize: size, outputSize: 3, backend }),
  ]);

/**
 * Every tensor of a result, as bits.
 *
 * @param {{ output: import("gatewise").Tensor, state: import("gatewise").States }} result
 */
const bits = ({ output, state }) =>
  [output, ...state.flatMap((s) => [s?.hidden, s?.cell])].flatMap((tensor) =>
    tensor
      ? [
          ...tensor.shape,
          ...new Uint32Array(
            tensor.data.buffer,
            tensor.data.byteOffset,
            tensor.data.length,
          ),
        ]
      : [],
  );

/**
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 */
const equal = (a, b) =>
  a.length === b.length && a.every((word, i) => word === b[i]);

/**
 * @param {Gatewise} gatewise
 * @param {import("./conformance.mjs").Parse} parse
 * @param {import("./training.mjs").Train} train
 * @param {Open} open
 * @returns {Promise<PoolReport>}
 */
export async function poolReport(gatewise, parse, train, open) {
  /** @type {string[]} */
  const problems = [];
  const backends = backendsOf(gatewise);
  for (const backend of backends) {
    const asked = model(gatewise, 16, backend);
    const input = noise([BATCH, 20, 16]);
    const expected = bits(asked.forward(input));
    for (const workers of [1, 2]) {
      const pool = open(workers, backend);
      const there = await pool.load(asked);
      if (there.backend !== backend)
        problems.push(`expected ${backend} in workers, got ${there.backend}`);
      if (!equal(bits(await there.forward(input)), expected))
        problems.push(`${backend}: other bits from ${workers} workers`);
      pool.close();
    }
  }
  for (const backend of backends) {
    /** @type {() => any} the types of two builds of one class */
    const model = () => modelOf(gatewise, train);
    const here = new train.Trainer(model(), { ...OPTIONS, backend });
    await here.fit(EXAMPLES, FIT);
    const hash = hashOfCheckpoint(parse, here.checkpoint());
    for (const workers of [1, 2, 4]) {
      const pool = open(workers, backend);
      const there = await pool.trainer(model(), { ...OPTIONS, backend });
      await there.fit(EXAMPLES, FIT);
      if (hashOfCheckpoint(parse, await there.checkpoint()) !== hash)
        problems.push(
          `${backend}: trained to other bits by ${workers} workers`,
        );
      pool.close();
    }
  }
  const times = await measure(gatewise, open, problems);
  return { backends, problems, ...times };
}

/**
 * @param {Gatewise} gatewise
 * @param {Open} open
 * @param {string[]} problems
 */
async function measure(gatewise, open, problems) {
  const local = model(gatewise, 64);
  const input = noise([BATCH, 200, 64]);
  const pools = [open(1), open(2)];
  const [alone, both] = await Promise.all(
    pools.map((pool) => pool.load(local)),
  );
  if (!alone || !both) throw new Error("expected two models");
  let [here, one, two] = [Infinity, Infinity, Infinity];
  // by turns, so that other work on the machine is fair to all
  for (let i = 0; i < 6; i++) {
    here = Math.min(here, await time(async () => local.forward(input)));
    one = Math.min(one, await time(() => alone.forward(input)));
    two = Math.min(two, await time(() => both.forward(input)));
  }
  const cancelled = await cancel(both, input, problems);
  for (const pool of pools) pool.close();
  return { here, one, two, cancelled };
}

/** @param {() => Promise<unknown>} run */
async function time(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/**
 * @param {import("gatewise/worker").RemoteModel} remote
 * @param {import("gatewise").Tensor} input
 * @param {string[]} problems
 */
async function cancel(remote, input, problems) {
  const controller = new AbortController();
  const reason = new Error("enough");
  let [ended, abortedAt] = [0, 0];
  const run = remote.forward(input, { signal: controller.signal }).then(
    () => problems.push("cancel: expected a rejection, got a result"),
    (error) => {
      ended = performance.now();
      if (error !== reason) problems.push(`cancel: got ${error}`);
    },
  );
  setTimeout(() => {
    abortedAt = performance.now();
    controller.abort(reason);
  }, 1);
  await run;
  const after = await remote.forward({
    shape: [1, 64],
    data: input.data.slice(0, 64),
  });
  if (after.output.data.length !== 3)
    problems.push("cancel: the workers give no more results");
  return ended - abortedAt;
}
