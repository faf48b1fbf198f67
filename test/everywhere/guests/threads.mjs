/**
 * What gatewise/threads does in a place: a sequence and a batch on one thread, then on two.
 *
 * @typedef {object} ThreadsReport
 * @property {number} threads that there were
 * @property {string | null} reason why there was one alone
 * @property {number} calls that were split
 * @property {string[]} problems
 */

/**
 * @param {typeof import("gatewise")} gatewise
 * @param {(options: import("gatewise/threads").ThreadsOptions) => Promise<import("gatewise/threads").Threads>} init
 * @returns {Promise<ThreadsReport>}
 */
export async function threadsReport(gatewise, init) {
  const { LSTM, GRU, Linear, Sequential } = gatewise;
  const make = () =>
    new Sequential([
      new LSTM({ inputSize: 20, hiddenSize: 97, seed: 1 }),
      new GRU({ inputSize: 97, hiddenSize: 61, seed: 2 }),
      new Linear({ inputSize: 61, outputSize: 5, seed: 3 }),
    ]);
  const values = Float32Array.from({ length: 6 * 40 * 20 }, (_, i) =>
    Math.sin(i * i),
  );
  const inputs = [
    { shape: [40, 20], data: values.slice(0, 40 * 20) },
    { shape: [6, 40, 20], data: values },
  ];
  const all = () => {
    const model = make();
    return inputs.map((input) => model.forward(input).output.data);
  };
  const alone = all();
  const threads = await init({ threads: 2, split: "always", timeout: 20_000 });
  const split = all();
  const report = {
    threads: threads.threads,
    reason: threads.reason,
    calls: threads.calls,
  };
  await threads.close();
  const problems = [];
  for (const [what, outputs] of /** @type {const} */ ([
    ["on two threads", split],
    ["when they were closed", all()],
  ]))
    if (!same(outputs, alone)) problems.push(`${what}: other bits`);
  return { ...report, problems };
}

/** @param {readonly Float32Array[]} one @param {readonly Float32Array[]} other */
const same = (one, other) =>
  one.every((values, index) =>
    values.every((value, i) => Object.is(value, other[index]?.[i])),
  );
