import { expect, test } from "vitest";
import { Arena } from "../../src/kernel/backward/arena.js";
import {
  FIELD,
  scratchFloats,
  type TrainKernel,
} from "../../src/kernel/backward/contract.js";
import { createTrainMachine } from "../../src/kernel/backward/load.js";
import { operationsOf } from "../../src/kernel/backward/operations.js";
import { stepsOf } from "../../src/kernel/backward/packing.js";
import { Layout } from "../../src/kernel/backward/parameters.js";
import type { Flow, Machine } from "../../src/kernel/backward/run.js";
import { packed } from "../../src/kernel/backward/rows.js";
import { Meter, type Work } from "../../src/kernel/backward/work.js";
import { GRU, LSTM, type Layer, Linear, RNN } from "../../src/index.js";
import { seeded } from "../../src/random.js";
import { operationsOf as specsOf } from "../../src/training/plan.js";
import type { Memory } from "../../src/kernel/memory.js";

/* Long work is cut into pieces: how much is done between two stops is counted, not timed. */

/** A kernel that counts its multiply-adds since the last stop. */
function counting(kernel: TrainKernel, memory: Memory, lanes: number) {
  let since = 0;
  let most = 0;
  let stops = 0;
  const count = (work: number) => {
    since += work;
    most = Math.max(most, since);
  };
  const loop = (cell: number) =>
    count((memory.i32[(cell >> 2) + FIELD.packed] as number) * lanes);
  const counted: TrainKernel = {
    ...kernel,
    add: kernel.add,
    bend: kernel.bend,
    unbend: kernel.unbend,
    product: (w, x, xs, z, zs, rows, k, panels, accumulate) => {
      count(rows * k * panels * 16);
      kernel.product(w, x, xs, z, zs, rows, k, panels, accumulate);
    },
    weightGradient: (x, xs, k, da, ds, panels, gradient, rows, scratch) => {
      count(rows * k * panels * 16);
      kernel.weightGradient(x, xs, k, da, ds, panels, gradient, rows, scratch);
    },
    forward: (cell) => {
      loop(cell);
      kernel.forward(cell);
    },
    backward: (cell) => {
      loop(cell);
      kernel.backward(cell);
    },
  };
  const run = <Result>(work: Work<Result>): Result => {
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      since = 0;
      stops++;
    }
  };
  return { counted, run, result: () => ({ most, stops }) };
}

const BATCH = 8;
const STEPS = 40;
const INPUT = 20;
const HIDDEN = 24;

/** The gradients and outputs of a layer, its work cut into pieces of so many multiply-adds. */
function run(
  layer: Layer,
  backend: "simd" | "js",
  piece: number,
  lengths: number[] | null,
  gates: number,
) {
  const layout = new Layout();
  const [operation] = operationsOf(
    specsOf([layer], () => "", {}),
    layout,
    () => true,
  );
  if (!operation) throw new Error("no operation");
  const { kernel, memory } = createTrainMachine(backend, false);
  const arena = new Arena(memory, 2048);
  const random = seeded(3);
  const filled = (floats: number) => {
    const at = arena.zeros(floats);
    for (let i = 0; i < floats; i++)
      memory.f32[(at >> 2) + i] = 0.4 * random() - 0.2;
    return at;
  };
  // lanes of padding hold numbers here too: they are the same in every run
  const regions = {
    weights: filled(layout.weights),
    transposed: filled(layout.transposed),
    gradients: arena.zeros(layout.weights),
    scratch: arena.floats(scratchFloats(operation.widest)),
  };
  const lanes = gates * HIDDEN * HIDDEN;
  const { counted, run: finish, result } = counting(kernel, memory, lanes);
  const machine: Machine = {
    kernel: counted,
    arena,
    regions,
    meter: new Meter(piece),
  };
  const steps = stepsOf(BATCH, STEPS, lengths, null);
  const input = Float32Array.from({ length: BATCH * STEPS * INPUT }, random);
  const flow: Flow = {
    rows: packed(arena, steps.packing, input, STEPS, INPUT, false),
    steps,
    tokens: null,
    states: [],
    ends: [],
    draw: null,
    logits: false,
    chunk: 0,
  };
  const made = operation.forward(machine, flow);
  const step = "back" in made ? made : finish(made);
  const { size, at, stride } = flow.rows;
  const y = Array.from({ length: steps.packing.count }, (_, i) =>
    Array.from(memory.f32.subarray((at + i * stride) >> 2).subarray(0, size)),
  );
  const dy = Float32Array.from({ length: BATCH * STEPS * size }, random);
  const back = {
    rows: packed(arena, steps.packing, dy, STEPS, size, true),
    ends: [null],
    states: [],
  };
  const work = step.back(back, true);
  if (work) finish(work);
  const g = regions.gradients >> 2;
  return {
    bits: [
      ...y.flat(),
      ...memory.f32.subarray(g, g + layout.weights),
      ...memory.f32.subarray(
        (back.rows?.at as number) >> 2,
        ((back.rows?.at as number) >> 2) + 100,
      ),
    ],
    ...result(),
  };
}

const sizes = { inputSize: INPUT, hiddenSize: HIDDEN };
/** With how many gates each has. */
const LAYERS: Record<string, [Layer, number]> = {
  RNN: [new RNN(sizes), 1],
  LSTM: [new LSTM(sizes), 4],
  "LSTM, projected": [new LSTM({ ...sizes, projSize: 10, peepholes: true }), 4],
  GRU: [new GRU(sizes), 3],
  "GRU, reset before": [new GRU({ ...sizes, resetAfter: false }), 3],
  Linear: [new Linear({ inputSize: INPUT, outputSize: HIDDEN }), 0],
};
const RAGGED = [40, 3, 17, 40, 39, 9, 28, 1];

for (const [name, [layer, gates]] of Object.entries(LAYERS))
  for (const backend of ["simd", "js"] as const)
    for (const lengths of [null, RAGGED])
      test(`${name}, ${backend}${lengths ? ", of several lengths" : ""}: pieces have the bits of all at once, and are no larger than asked for`, () => {
        const whole = run(layer, backend, Infinity, lengths, gates);
        expect(whole.stops).toBe(0);
        const piece = 40_000;
        const cut = run(layer, backend, piece, lengths, gates);
        expect(cut.bits).toEqual(whole.bits);
        // a piece ends with what fills it, and a step of 8 rows, a block of 80 and a panel are never cut
        expect(cut.most).toBeLessThan(3 * piece);
        expect(cut.stops).toBeGreaterThan(whole.most / (3 * piece) - 1);
        expect(whole.most).toBeGreaterThan(9 * piece);
      });
