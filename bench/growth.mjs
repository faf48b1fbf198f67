/** npm run bench:growth: the cost grows linearly in steps, batch and layers, so the time per unit stays level; `lengths` cost the steps they leave. */

import { LSTM } from "gatewise";
import { uniform } from "./lib/data.mjs";
import { hostLine } from "./lib/host.mjs";
import { digits, table, time } from "./lib/text.mjs";
import { turns } from "./lib/turns.mjs";

const SIZE = 64;
const options = { inputSize: SIZE, hiddenSize: SIZE };

/**
 * @param {string} title
 * @param {readonly number[]} counts
 * @param {(count: number) => { layer: LSTM, shape: number[] }} make
 */
async function growth(title, counts, make) {
  console.log(`\n${title}\n`);
  const row = table(["", "time", "per unit", "of the last"], [10, 10, 10, 12]);
  const contenders = counts.map((count) => {
    const { layer, shape } = make(count);
    const data = uniform(shape.reduce((size, axis) => size * axis, 1));
    return { name: `${count}`, run: () => layer.forward({ shape, data }) };
  });
  const timings = await turns(contenders, { warmup: 150, share: 400 });
  const unit = (/** @type {number} */ count) =>
    (timings[count]?.best ?? NaN) / count;
  const last = unit(counts.at(-1) ?? 1);
  for (const count of counts) {
    const best = timings[count]?.best ?? NaN;
    row([
      `${count}`,
      time(best),
      time(unit(count)),
      digits(unit(count) / last),
    ]);
  }
}

console.log(hostLine());
console.log(`LSTM ${SIZE} → ${SIZE}, forward, best of many`);
const layer = new LSTM(options);
await growth(
  "T, steps of one sequence",
  [1, 10, 100, 1000, 10_000],
  (steps) => ({
    layer,
    shape: [steps, SIZE],
  }),
);
await growth(
  "B, sequences of 50 steps",
  [1, 2, 4, 8, 16, 32, 64, 128, 256],
  (batch) => ({
    layer,
    shape: [batch, 50, SIZE],
  }),
);
await growth("L, layers over 100 steps", [1, 2, 3, 4], (numLayers) => ({
  layer: new LSTM({ ...options, numLayers }),
  shape: [100, SIZE],
}));

const BATCH = 64;
console.log(
  `\nlengths: ${BATCH} sequences, 1 to T steps each, half of T on average, beside as many that have all T\n`,
);
const row = table(
  ["T", "all", "per step", "lengths", "per step", "of all's"],
  [10, 10, 10, 10, 10, 12],
);
for (const steps of [10, 50, 200, 1000]) {
  const lengths = Array.from(uniform(BATCH), (value) =>
    Math.ceil(((value + 1) / 2) * steps),
  );
  const shape = [BATCH, steps, SIZE];
  const input = { shape, data: uniform(BATCH * steps * SIZE) };
  const timings = await turns(
    [
      { name: "all", run: () => layer.forward(input) },
      { name: "lengths", run: () => layer.forward(input, { lengths }) },
    ],
    { warmup: 150, share: 400 },
  );
  const all = timings["all"]?.best ?? NaN;
  const some = timings["lengths"]?.best ?? NaN;
  const perStep = all / (BATCH * steps);
  const perStepRun = some / lengths.reduce((sum, length) => sum + length, 0);
  row([
    `${steps}`,
    time(all),
    time(perStep),
    time(some),
    time(perStepRun),
    digits(perStepRun / perStep),
  ]);
}
