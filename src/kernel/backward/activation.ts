import {
  type Activation,
  type ActivationCode,
  type CellActivation,
  codeOf,
} from "../activations.js";
import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { exp } from "./exp.js";
import type { Flow, Machine, Operation, Step } from "./run.js";

/** y = f(x), number by number, or softmax over those of a step. */
export interface ActivationSpec {
  readonly type: "activation";
  readonly size: number;
  readonly activation: CellActivation | Activation;
}

export class ActivationOperation implements Operation {
  readonly names: readonly string[] = [];
  readonly stepFloats: number;
  readonly widest = 0;
  readonly #curve: ActivationCode | null;
  /** Whether losses that take logits take the place of it. */
  readonly #yields: boolean;

  constructor({ size, activation }: ActivationSpec) {
    this.#yields = activation === "softmax" || activation === "sigmoid";
    this.#curve =
      activation === "softmax" ? null : codeOf(activation as CellActivation);
    this.stepFloats = 2 * panelsOf(size);
  }

  forward(machine: Machine, flow: Flow): Step {
    if (flow.logits && this.#yields) return { back: () => {} };
    const { arena } = machine;
    const x = flow.rows;
    const { count } = flow.steps.packing;
    const rows = () => arena.rows(count, x.size, panelsOf(x.size));
    const y = rows();
    const slot = this.#bend(machine, x, y, count);
    flow.rows = y;
    return {
      back: (back) => {
        const dy = back.rows as Rows;
        const dx = rows();
        this.#unbend(machine, x, y, dy, dx, count, slot);
        back.rows = dx;
      },
    };
  }

  /** @returns the address of the function's slot; 0 of softmax */
  #bend({ kernel, arena }: Machine, x: Rows, y: Rows, count: number): number {
    const curve = this.#curve;
    if (!curve) {
      softmax(arena.memory.f32, x, y, count);
      return 0;
    }
    const slot = arena.floats(4);
    const { i32, f32 } = arena.memory;
    i32[slot >> 2] = curve.number;
    f32[(slot >> 2) + 1] = curve.a;
    f32[(slot >> 2) + 2] = curve.b;
    for (let i = 0; i < count; i++)
      kernel.bend(
        slot,
        x.at + i * x.stride,
        y.at + i * y.stride,
        lanesOf(x.size) * 4,
      );
    return slot;
  }

  #unbend(
    { kernel, arena }: Machine,
    x: Rows,
    y: Rows,
    dy: Rows,
    dx: Rows,
    count: number,
    slot: number,
  ): void {
    if (!slot) {
      unsoftmax(arena.memory.f32, y, dy, dx, count);
      return;
    }
    for (let i = 0; i < count; i++)
      kernel.unbend(
        slot,
        x.at + i * x.stride,
        y.at + i * y.stride,
        dy.at + i * dy.stride,
        dx.at + i * dx.stride,
        lanesOf(x.size) * 4,
      );
  }
}

function softmax(f32: Float32Array, x: Rows, y: Rows, count: number): void {
  for (let i = 0; i < count; i++) {
    const from = (x.at + i * x.stride) >> 2;
    const to = (y.at + i * y.stride) >> 2;
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < x.size; j++)
      most = Math.max(most, f32[from + j] as number);
    let sum = 0;
    for (let j = 0; j < x.size; j++) {
      const value = exp((f32[from + j] as number) - most);
      f32[to + j] = value;
      sum += value;
    }
    for (let j = 0; j < x.size; j++)
      f32[to + j] = (f32[to + j] as number) / sum;
  }
}

/** dx = y ∘ (dy - Σ dy ∘ y). */
function unsoftmax(
  f32: Float32Array,
  y: Rows,
  dy: Rows,
  dx: Rows,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const a = (y.at + i * y.stride) >> 2;
    const b = (dy.at + i * dy.stride) >> 2;
    const to = (dx.at + i * dx.stride) >> 2;
    let sum = 0;
    for (let j = 0; j < y.size; j++)
      sum += (f32[a + j] as number) * (f32[b + j] as number);
    for (let j = 0; j < y.size; j++)
      f32[to + j] = (f32[a + j] as number) * ((f32[b + j] as number) - sum);
  }
}
