import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { type Layout, vector } from "./parameters.js";
import type { Flow, Machine, Operation, Step } from "./run.js";

export interface BatchNormSpec {
  readonly type: "batchNorm";
  readonly size: number;
  readonly epsilon: number;
  readonly prefix: string;
}

const NAMES = ["weight", "bias", "running_mean", "running_var"] as const;

/**
 * y = (x - running_mean) / √(running_var + ε) · weight + bias, as the layer runs: statistics of a batch would depend on
 * which rows a shard has. Frozen: all four stay, and dx = dy · weight / √(running_var + ε).
 */
export class BatchNormOperation implements Operation {
  readonly names: readonly string[] = [];
  readonly stepFloats: number;
  readonly widest = 0;
  readonly #spec: BatchNormSpec;
  readonly #places: Readonly<Record<string, number>>;

  constructor(spec: BatchNormSpec, layout: Layout) {
    const { size, prefix } = spec;
    this.#spec = spec;
    this.stepFloats = 2 * panelsOf(size);
    this.#places = Object.fromEntries(
      NAMES.map((name) => {
        const start = layout.floats(size);
        const place = vector(`${prefix}${name}`, size, (i) => start + i);
        layout.places.push({ ...place, fixed: true });
        return [name, start];
      }),
    );
  }

  forward({ arena, regions }: Machine, flow: Flow): Step {
    const x = flow.rows;
    const { count } = flow.steps.packing;
    const { size } = this.#spec;
    const { scale, shift } = this.#line(arena.memory.f32, regions.weights);
    const scaled = (
      from: Rows,
      lanes: number,
      by: Float32Array | null,
    ): Rows => {
      const rows = arena.rows(count, size, lanes);
      const { f32 } = arena.memory;
      for (let i = 0; i < count; i++) {
        const start = (from.at + i * from.stride) >> 2;
        const to = (rows.at >> 2) + i * lanes;
        for (let j = 0; j < size; j++) {
          const value = (scale[j] as number) * (f32[start + j] as number);
          f32[to + j] = by ? Math.fround(value) + (by[j] as number) : value;
        }
      }
      return rows;
    };
    flow.rows = scaled(x, lanesOf(size), shift);
    return {
      back: (back, needs) => {
        back.rows = needs
          ? scaled(back.rows as Rows, panelsOf(size), null)
          : null;
      },
    };
  }

  /** The line of each feature, rounded as the layer rounds it. */
  #line(f32: Float32Array, weights: number) {
    const { size, epsilon } = this.#spec;
    const of = (name: (typeof NAMES)[number], i: number) =>
      f32[(weights >> 2) + (this.#places[name] as number) + i] as number;
    const scale = new Float32Array(size);
    const shift = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const factor =
        of("weight", i) / Math.sqrt(of("running_var", i) + epsilon);
      scale[i] = factor;
      shift[i] = of("bias", i) - factor * of("running_mean", i);
    }
    return { scale, shift };
  }
}
