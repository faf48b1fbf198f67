import { lanesOf, panelsOf, type Rows } from "./arena.js";
import type { Flow, Machine, Operation, Step } from "./run.js";

export interface MaskingSpec {
  readonly type: "masking";
  readonly maskValue: number;
}

/** Masks steps whose features are all one value, and makes them 0. */
export class MaskingOperation implements Operation {
  readonly names: readonly string[] = [];
  readonly stepFloats = 0;
  readonly widest = 0;
  readonly #value: number;

  constructor({ maskValue }: MaskingSpec) {
    this.#value = Math.fround(maskValue);
  }

  forward({ arena }: Machine, flow: Flow): Step {
    const { rows: x, steps } = flow;
    const { packing, batch } = steps;
    const mask =
      steps.mask?.slice() ?? new Uint8Array(batch * steps.steps).fill(1);
    const masked: number[] = [];
    const { f32 } = arena.memory;
    packing.each((place, row, time) => {
      const from = (x.at + place * x.stride) >> 2;
      for (let j = 0; j < x.size; j++)
        if (f32[from + j] !== this.#value) return;
      mask[row * steps.steps + time] = 0;
      masked.push(place);
    });
    const copy = (from: Rows, lanes: number) => {
      const rows = arena.rows(packing.count, x.size, lanes);
      copyRows(arena.memory.f32, from, rows, packing.count, masked);
      return rows;
    };
    flow.rows = copy(x, lanesOf(x.size));
    flow.steps = { ...steps, mask };
    return {
      back: (back, needs) => {
        const dy = back.rows as Rows;
        back.rows = null;
        if (!needs) return;
        back.rows = copy(dy, panelsOf(x.size));
      },
    };
  }
}

function copyRows(
  f32: Float32Array,
  from: Rows,
  to: Rows,
  count: number,
  but: readonly number[],
): void {
  for (let i = 0; i < count; i++) {
    const start = (from.at + i * from.stride) >> 2;
    f32.copyWithin((to.at + i * to.stride) >> 2, start, start + from.size);
  }
  for (const place of but) {
    const start = (to.at + place * to.stride) >> 2;
    f32.fill(0, start, start + from.size);
  }
}
