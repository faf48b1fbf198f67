import { panelsOf, type Rows } from "./arena.js";
import type { Layout } from "./parameters.js";
import type { Flow, Machine, Operation, Step } from "./run.js";

export interface DropoutSpec {
  readonly type: "dropout";
  readonly rate: number;
  /** One mask a sequence. */
  readonly variational: boolean;
}

/** Drops features, or not: only where the run draws. */
export class DropoutOperation implements Operation {
  readonly names: readonly string[] = [];
  readonly stepFloats = 0;
  readonly widest = 0;
  readonly #spec: DropoutSpec;
  readonly #index: number;

  constructor(spec: DropoutSpec, _: Layout, index: number) {
    this.#spec = spec;
    this.#index = index;
  }

  forward({ arena }: Machine, flow: Flow): Step {
    const { rows: x, steps, draw } = flow;
    const { rate, variational } = this.#spec;
    if (!draw || !rate) return { back: () => {} };
    const { packing, batch } = steps;
    const lanes = panelsOf(x.size);
    const factor = 1 / (1 - rate);
    const kept = new Float32Array(packing.count * lanes);
    const places = packing.table(batch, steps.steps);
    for (let row = 0; row < batch; row++) {
      const next = draw(this.#index * 2, row, !variational);
      const own: number[] = [];
      for (let time = 0; time < steps.steps; time++) {
        const place = places[row * steps.steps + time] as number;
        if (place < 0) continue;
        for (let j = 0; j < x.size; j++) {
          const fresh = !variational || own.length <= j;
          if (fresh) own[j] = next() < rate ? 0 : factor;
          kept[place * lanes + j] = own[j] as number;
        }
      }
    }
    const times = (from: Rows): Rows => {
      const at = arena.zeros(packing.count * lanes);
      const { f32 } = arena.memory;
      for (let i = 0; i < packing.count; i++) {
        const start = (from.at + i * from.stride) >> 2;
        for (let j = 0; j < x.size; j++)
          f32[(at >> 2) + i * lanes + j] =
            (f32[start + j] as number) * (kept[i * lanes + j] as number);
      }
      return { at, stride: lanes * 4, size: x.size };
    };
    flow.rows = times(x);
    return {
      back: (back) => {
        if (back.rows) back.rows = times(back.rows);
      },
    };
  }
}
