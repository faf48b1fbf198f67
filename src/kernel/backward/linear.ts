import {
  type CellActivation,
  type ActivationCode,
  codeOf,
} from "../activations.js";
import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { exp } from "./exp.js";
import {
  biasPlace,
  type Layout,
  matrix,
  panelPlace,
  vector,
} from "./parameters.js";
import type { Flow, Machine, Operation, Step } from "./run.js";

export interface LinearSpec {
  readonly type: "linear";
  readonly inputSize: number;
  readonly outputSize: number;
  readonly bias: boolean;
  readonly activation: CellActivation | "softmax";
  readonly prefix: string;
}

/** y = f(W x + b). */
export class LinearOperation implements Operation {
  readonly names: readonly string[];
  readonly #spec: LinearSpec;
  readonly #curve: ActivationCode | null;
  readonly #k: number;
  readonly #lanes: number;
  readonly #input: number;
  readonly #inputBack: number;
  readonly #trained: (names: readonly string[]) => boolean;

  constructor(
    spec: LinearSpec,
    layout: Layout,
    trained: (names: readonly string[]) => boolean,
  ) {
    const { inputSize, outputSize, bias, activation, prefix } = spec;
    this.#spec = spec;
    this.#trained = trained;
    this.#curve = activation === "softmax" ? null : codeOf(activation);
    const k = lanesOf(inputSize);
    const lanes = panelsOf(outputSize);
    this.#k = k;
    this.#lanes = lanes;
    this.#input = layout.panels(lanes, k);
    this.#inputBack = layout.transposedPanels(panelsOf(k), lanes);
    this.names = bias
      ? [`${prefix}weight`, `${prefix}bias`]
      : [`${prefix}weight`];
    layout.places.push({
      name: `${prefix}weight`,
      shape: [outputSize, inputSize],
      at: matrix(outputSize, inputSize, (row, column) =>
        panelPlace(this.#input, k, row, column),
      ),
      back: matrix(outputSize, inputSize, (row, column) =>
        panelPlace(this.#inputBack, lanes, column, row),
      ),
      shared: false,
    });
    if (bias)
      layout.places.push({
        name: `${prefix}bias`,
        shape: [outputSize],
        at: vector(outputSize, (row) => biasPlace(this.#input, k, row)),
        back: null,
        shared: false,
      });
  }

  forward(machine: Machine, flow: Flow): Step {
    const { kernel, arena, regions } = machine;
    const x = flow.rows;
    const { count } = flow.steps.packing;
    const { outputSize } = this.#spec;
    const lanes = this.#lanes;
    const z = arena.floats(count * lanes);
    kernel.product(
      regions.weights + this.#input * 4,
      x.at,
      x.stride,
      z,
      lanes * 4,
      count,
      this.#k,
      lanes / 16,
      0,
    );
    const sums = { at: z, stride: lanes * 4, size: outputSize };
    const bent = flow.logits ? null : this.#bend(machine, sums, count);
    flow.rows = bent ?? sums;
    return {
      back: (back, needs) => {
        const dy = back.rows as Rows;
        const dz = bent ? this.#unbend(machine, sums, bent, dy, count) : dy;
        if (this.#trained(this.names))
          kernel.weightGradient(
            x.at,
            x.stride,
            this.#k,
            dz.at,
            dz.stride,
            lanes / 16,
            regions.gradients + this.#input * 4,
            count,
            regions.scratch,
          );
        back.rows = null;
        if (!needs) return;
        const width = panelsOf(this.#k);
        const dx = arena.floats(count * width);
        kernel.product(
          regions.transposed + this.#inputBack * 4,
          dz.at,
          dz.stride,
          dx,
          width * 4,
          count,
          lanes,
          width / 16,
          0,
        );
        back.rows = { at: dx, stride: width * 4, size: this.#spec.inputSize };
      },
    };
  }

  /** f of the sums in rows of their own; null where f is none. */
  #bend(
    { kernel, arena }: Machine,
    sums: Rows,
    count: number,
  ): (Rows & { slot: number }) | null {
    const curve = this.#curve;
    const lanes = this.#lanes;
    if (!curve) {
      const at = arena.zeros(count * lanes);
      softmax(arena.memory.f32, sums, at >> 2, count, lanes);
      return { ...sums, at, slot: 0 };
    }
    if (!curve.number) return null;
    const slot = arena.floats(4);
    const { i32, f32 } = arena.memory;
    i32[slot >> 2] = curve.number;
    f32[(slot >> 2) + 1] = curve.a;
    f32[(slot >> 2) + 2] = curve.b;
    const at = arena.floats(count * lanes);
    kernel.bend(slot, sums.at, at, count * lanes * 4);
    return { ...sums, at, slot };
  }

  #unbend(
    { kernel, arena }: Machine,
    sums: Rows,
    y: Rows & { slot: number },
    dy: Rows,
    count: number,
  ): Rows {
    const lanes = this.#lanes;
    const at = arena.zeros(count * lanes);
    const dz = { ...sums, at };
    if (!this.#curve) {
      unsoftmax(arena.memory.f32, y, dy, at >> 2, count, lanes);
      return dz;
    }
    for (let i = 0; i < count; i++)
      kernel.unbend(
        y.slot,
        sums.at + i * sums.stride,
        y.at + i * y.stride,
        dy.at + i * dy.stride,
        at + i * lanes * 4,
        lanesOf(sums.size) * 4,
      );
    return dz;
  }
}

function softmax(
  f32: Float32Array,
  { at, stride, size }: Rows,
  to: number,
  count: number,
  lanes: number,
): void {
  for (let i = 0; i < count; i++, to += lanes) {
    const from = (at + i * stride) >> 2;
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < size; j++)
      most = Math.max(most, f32[from + j] as number);
    let sum = 0;
    for (let j = 0; j < size; j++) {
      const value = exp((f32[from + j] as number) - most);
      f32[to + j] = value;
      sum += value;
    }
    for (let j = 0; j < size; j++) f32[to + j] = (f32[to + j] as number) / sum;
  }
}

/** dz = y ∘ (dy - Σ dy ∘ y). */
function unsoftmax(
  f32: Float32Array,
  y: Rows,
  dy: Rows,
  to: number,
  count: number,
  lanes: number,
): void {
  for (let i = 0; i < count; i++, to += lanes) {
    const a = (y.at + i * y.stride) >> 2;
    const b = (dy.at + i * dy.stride) >> 2;
    let sum = 0;
    for (let j = 0; j < y.size; j++)
      sum += (f32[a + j] as number) * (f32[b + j] as number);
    for (let j = 0; j < y.size; j++)
      f32[to + j] = (f32[a + j] as number) * ((f32[b + j] as number) - sum);
  }
}
