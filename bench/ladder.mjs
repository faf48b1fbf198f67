/**
 * npm run bench:ladder: what each idea in the kernel is worth. Every rung of bench/ladder/assembly computes the same
 * LSTM with one idea more than the rung before; each is compared with the layer's own output before it is timed, all
 * turn by turn in one process. The last rung is the kernel itself.
 *
 * Rungs 1 to 6 use nothing that relaxed SIMD adds: the ladder forks behind them.
 */

import { LSTM } from "gatewise";
import { agree, uniform } from "./lib/data.mjs";
import { availableBackends, hostLine } from "./lib/host.mjs";
import { kernelOf } from "./lib/kernel.mjs";
import { probe, PROBE_AT } from "./lib/probe.mjs";
import { digits, table, times } from "./lib/text.mjs";
import { turns } from "./lib/turns.mjs";

const I = 64;
const H = 128;
const WORK = [
  { name: "step", rows: 1, steps: 1 },
  { name: "sequence 1 × 100", rows: 1, steps: 100 },
  { name: "batch 32 × 50", rows: 32, steps: 50 },
];

/** @typedef {"simd" | "relaxed"} Target */
/** @typedef {{ name: string, label: string, rowMajor?: true }} Rung */

/** @type {Rung[]} */
const SHARED = [
  {
    name: "naive",
    label: "1 naive: numbers, tanh of a library",
    rowMajor: true,
  },
  { name: "dots", label: "2 dot products on four lanes", rowMajor: true },
  { name: "panels", label: "3 panels: lanes are outputs" },
  { name: "lanes", label: "4 gates on four lanes" },
  { name: "projected", label: "5 W x of all steps at once" },
  { name: "tiles2x8", label: "6 tiles of 2 × 8 …" },
  { name: "tiles2x16", label: "6 … of 2 × 16" },
];
const BATCHED = { name: "batched", label: "8 rows × panels in the time loop" };
const PASSES = { name: "passes", label: "9 gates in two passes" };
const KERNEL = { name: "kernel", label: "the kernel" };

/** @type {Record<Target, Rung[]>} what is measured of each binary, in order */
const RUNGS = {
  simd: [
    ...SHARED,
    { name: "pairs", label: "7 one row in pairs of columns" },
    BATCHED,
    PASSES,
    KERNEL,
  ],
  relaxed: [
    { name: "pairs", label: "7 fused, all rows in pairs of columns" },
    BATCHED,
    PASSES,
    KERNEL,
  ],
};

const targets = /** @type {Target[]} */ (
  ["simd", "relaxed"].filter((target) =>
    availableBackends().some((backend) => backend === target),
  )
);

const weights = new LSTM({ inputSize: I, hiddenSize: H }).stateDict();
/** @param {string} name */
const parameter = (name) => {
  const found = weights[name];
  if (!found) throw new Error(`ladder: no ${name}`);
  return found.data;
};
const bias = parameter("bias_ih_l0").map(
  (value, j) => value + Number(parameter("bias_hh_l0")[j]),
);

/**
 * [4 H, k] → panels of the four gates of four units: 16 floats of bias, then 16 a column.
 *
 * @param {ArrayLike<number>} matrix
 * @param {number} k
 * @param {ArrayLike<number> | null} bias
 */
function inPanels(matrix, k, bias) {
  const panels = [];
  for (let quad = 0; quad < H; quad += 4) {
    const rows = [0, 1, 2, 3].flatMap((gate) =>
      [0, 1, 2, 3].map((unit) => gate * H + quad + unit),
    );
    for (const row of rows) panels.push(bias ? Number(bias[row]) : 0);
    for (let column = 0; column < k; column++)
      for (const row of rows) panels.push(Number(matrix[row * k + column]));
  }
  return panels;
}

/**
 * A binary of the ladder, with the layer's weights in its memory.
 *
 * @param {Target} target
 */
function ladder(target) {
  const { memory, exports } = probe("ladder", "index.ts", target, 256);
  const f32 = new Float32Array(memory.buffer);
  const u32 = new Uint32Array(memory.buffer);
  const rungs = /** @type {Record<string, (run: number) => void>} */ (
    /** @type {unknown} */ (exports)
  );
  let free = PROBE_AT;
  /** @param {ArrayLike<number>} values */
  const place = (values) => {
    const at = free;
    f32.set(values, at >> 2);
    free += (values.length * 4 + 63) & ~63;
    return at;
  };
  const w = parameter("weight_ih_l0");
  const r = parameter("weight_hh_l0");
  const byRows = [place(w), place(r), place(bias)];
  const byPanels = [
    place(inPanels(w, I, bias)),
    place(inPanels(r, H, null)),
    0,
  ];

  /**
   * One call of a rung, and what it computes from zero states.
   *
   * @param {{ rows: number, steps: number }} work
   * @param {Float32Array} input (rows, steps, I)
   */
  return ({ rows, steps }, input) => {
    const x = place(input);
    const z = place(new Float32Array(rows * steps * 4 * H));
    const y = place(new Float32Array(rows * steps * H));
    const h = place(new Float32Array(rows * H));
    const c = place(new Float32Array(rows * H));
    return (/** @type {Rung} */ { name, rowMajor }) => {
      const layer = rowMajor ? byRows : byPanels;
      const record = place(new Float32Array(12));
      u32.set([...layer, x, z, y, h, c, rows, steps, I, H], record >> 2);
      const rung = rungs[name];
      if (!rung) throw new Error(`ladder: no rung ${name}`);
      const run = () => rung(record);
      const output = () => {
        f32.fill(0, z >> 2, (c >> 2) + rows * H);
        run();
        return f32.slice(y >> 2, (y >> 2) + rows * steps * H);
      };
      return { run, output };
    };
  };
}

const ladders = targets.map((target) => ({ target, load: ladder(target) }));

/** @param {(typeof WORK)[number]} work */
async function measure(work) {
  const { rows, steps } = work;
  const input = uniform(rows * steps * I);
  const layers = Object.fromEntries(
    targets.map((backend) => {
      const layer = new LSTM({ inputSize: I, hiddenSize: H, backend });
      return [backend, layer];
    }),
  );
  const contenders = ladders.flatMap(({ target, load }) => {
    const layer = /** @type {LSTM} */ (layers[target]);
    const { data } = layer.forward({
      shape: [rows, steps, I],
      data: input,
    }).output;
    const make = load(work, input);
    return RUNGS[target].map((rung) => {
      const name = `${target} ${rung.name}`;
      if (rung === KERNEL)
        return { name, run: kernelOf(layer, target, rows, steps) };
      const { run, output } = make(rung);
      agree(`${work.name}, ${name}`, output(), data);
      return { name, run };
    });
  });
  const timings = await turns(contenders, { warmup: 200, share: 250 });
  const flops = 2 * rows * steps * 4 * H * (I + H);
  return (/** @type {string} */ name) =>
    flops / (timings[name]?.best ?? NaN) / 1e6;
}

console.log(hostLine());
console.log(
  `LSTM ${I} → ${H}. GFLOP/s of its products, best of many, and how many times as fast as the rung before.`,
);
const rates = [];
for (const work of WORK) rates.push(await measure(work));

for (const { target } of ladders) {
  console.log(`\n${target}${target === "simd" ? "" : ", from rung 6 on"}\n`);
  const row = table(
    ["", ...WORK.flatMap(({ name }) => [name, "gain"])],
    [37, ...WORK.flatMap(() => [16, 7])],
  );
  let before = target === "simd" ? "" : "simd tiles2x16";
  for (const { name, label } of RUNGS[target]) {
    const own = `${target} ${name}`;
    row([
      label,
      ...rates.flatMap((rate) => [
        digits(rate(own)),
        before ? times(rate(own) / rate(before)) : "",
      ]),
    ]);
    before = own;
  }
}
