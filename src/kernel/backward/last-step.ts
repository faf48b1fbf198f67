import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { type Steps, stepsOf } from "./packing.js";
import type { Flow, Machine, Operation, Step } from "./run.js";

/** Each row's last step that counts, so many times; zeros of a row of which none does. */
export interface LastStepSpec {
  readonly type: "lastStep";
  readonly size: number;
  readonly repeat: number;
}

export class LastStepOperation implements Operation {
  readonly names: readonly string[] = [];
  readonly stepFloats: number;
  readonly widest = 0;
  readonly #spec: LastStepSpec;

  constructor(spec: LastStepSpec) {
    this.#spec = spec;
    this.stepFloats = lanesOf(spec.size);
  }

  forward({ arena }: Machine, flow: Flow): Step {
    const { rows: x, steps } = flow;
    const { repeat, size } = this.#spec;
    const lasts = lastsOf(steps);
    const after = stepsOf(steps.batch, repeat, null, null);
    const from = new Int32Array(after.packing.count);
    after.packing.each((place, row) => (from[place] = lasts[row] as number));
    const y = arena.rows(from.length, size, lanesOf(size));
    const { f32 } = arena.memory;
    from.forEach((source, place) => {
      if (source < 0) return;
      const start = (x.at + source * x.stride) >> 2;
      f32.copyWithin((y.at + place * y.stride) >> 2, start, start + size);
    });
    flow.rows = y;
    flow.steps = after;
    return {
      back: (back, needs) => {
        const dy = back.rows as Rows;
        back.rows = null;
        if (!needs) return;
        const dx = arena.rows(steps.packing.count, size, panelsOf(size));
        const all = arena.memory.f32;
        from.forEach((source, place) => {
          if (source < 0) return;
          const own = (dy.at + place * dy.stride) >> 2;
          const to = (dx.at + source * dx.stride) >> 2;
          for (let j = 0; j < size; j++)
            all[to + j] = (all[to + j] as number) + (all[own + j] as number);
        });
        back.rows = dx;
      },
    };
  }
}

/** The place of each row's last step that counts; -1: there is none. */
function lastsOf({ batch, steps, packing, mask }: Steps): Int32Array {
  const lasts = new Int32Array(batch).fill(-1);
  packing.each((place, row, time) => {
    // in the order of time
    if (mask?.[row * steps + time] !== 0) lasts[row] = place;
  });
  return lasts;
}
