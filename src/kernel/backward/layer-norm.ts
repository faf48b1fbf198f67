import { panelsOf, type Rows } from "./arena.js";
import { type Layout, vector } from "./parameters.js";
import type { Flow, Machine, Operation, Step, Trained } from "./run.js";

export interface LayerNormSpec {
  readonly type: "layerNorm";
  readonly size: number;
  readonly epsilon: number;
  readonly bias: boolean;
  readonly prefix: string;
}

/**
 * n = (x - mean) / √(variance + ε) over the features of a step, y = n ∘ weight + bias (Ba et al. 2016); back, by
 * g = dy ∘ weight:
 *
 *     dx = (g - mean(g) - n ∘ mean(g ∘ n)) / √(variance + ε)        dweight = Σ dy ∘ n        dbias = Σ dy
 *
 * Plain loops in float64 here, whatever the backend: a few operations a number.
 */
export class LayerNormOperation implements Operation {
  readonly names: readonly string[];
  readonly stepFloats: number;
  readonly widest = 0;
  readonly #spec: LayerNormSpec;
  readonly #weight: number;
  readonly #bias: number;
  readonly #trained: Trained;

  constructor(
    spec: LayerNormSpec,
    layout: Layout,
    _: number,
    trained: Trained,
  ) {
    const { size, prefix } = spec;
    this.#spec = spec;
    this.#trained = trained;
    this.stepFloats = 3 * panelsOf(size);
    const place = (name: string) => {
      const start = layout.floats(size);
      layout.places.push(vector(`${prefix}${name}`, size, (i) => start + i));
      return start;
    };
    this.#weight = place("weight");
    this.#bias = spec.bias ? place("bias") : -1;
    this.names = ["weight", ...(spec.bias ? ["bias"] : [])].map(
      (name) => `${prefix}${name}`,
    );
  }

  forward({ arena, regions }: Machine, flow: Flow): Step {
    const x = flow.rows;
    const { count } = flow.steps.packing;
    const { size, epsilon } = this.#spec;
    const lanes = panelsOf(size);
    const rows = () => arena.rows(count, size, lanes);
    const n = rows();
    const y = rows();
    const factors = new Float64Array(count);
    const { f32 } = arena.memory;
    const weight = (regions.weights >> 2) + this.#weight;
    const bias = this.#bias < 0 ? -1 : (regions.weights >> 2) + this.#bias;
    for (let i = 0; i < count; i++) {
      const from = (x.at + i * x.stride) >> 2;
      const scaled = (n.at >> 2) + i * lanes;
      const to = (y.at >> 2) + i * lanes;
      let mean = 0;
      for (let j = 0; j < size; j++) mean += f32[from + j] as number;
      mean /= size;
      let variance = 0;
      for (let j = 0; j < size; j++)
        variance += ((f32[from + j] as number) - mean) ** 2;
      const factor = 1 / Math.sqrt(variance / size + epsilon);
      factors[i] = factor;
      for (let j = 0; j < size; j++) {
        const value = ((f32[from + j] as number) - mean) * factor;
        f32[scaled + j] = value;
        f32[to + j] =
          value * (f32[weight + j] as number) +
          (bias < 0 ? 0 : (f32[bias + j] as number));
      }
    }
    flow.rows = y;
    return {
      back: (back, needs) => {
        const dy = back.rows as Rows;
        const all = arena.memory.f32;
        if (this.#trained(this.names)) {
          this.#add(all, regions.gradients, dy, n, count);
        }
        back.rows = null;
        if (!needs) return;
        const dx = rows();
        scaleBack(arena.memory.f32, weight, dy, n, dx, factors);
        back.rows = dx;
      },
    };
  }

  #add(
    f32: Float32Array,
    gradients: number,
    dy: Rows,
    n: Rows,
    count: number,
  ): void {
    const { size } = this.#spec;
    const weight = (gradients >> 2) + this.#weight;
    const bias = (gradients >> 2) + this.#bias;
    for (let j = 0; j < size; j++) {
      let scaled = 0;
      let plain = 0;
      for (let i = 0; i < count; i++) {
        const d = f32[((dy.at + i * dy.stride) >> 2) + j] as number;
        scaled += d * (f32[((n.at + i * n.stride) >> 2) + j] as number);
        plain += d;
      }
      f32[weight + j] = (f32[weight + j] as number) + scaled;
      if (this.#bias >= 0) f32[bias + j] = (f32[bias + j] as number) + plain;
    }
  }
}

function scaleBack(
  f32: Float32Array,
  weight: number,
  dy: Rows,
  n: Rows,
  dx: Rows,
  factors: Float64Array,
): void {
  const { size } = n;
  factors.forEach((factor, i) => {
    const from = (dy.at + i * dy.stride) >> 2;
    const own = (n.at + i * n.stride) >> 2;
    const to = (dx.at + i * dx.stride) >> 2;
    let mean = 0;
    let along = 0;
    for (let j = 0; j < size; j++) {
      const g = (f32[from + j] as number) * (f32[weight + j] as number);
      mean += g;
      along += g * (f32[own + j] as number);
    }
    for (let j = 0; j < size; j++) {
      const g = (f32[from + j] as number) * (f32[weight + j] as number);
      const through = g - mean / size;
      f32[to + j] =
        (through - ((f32[own + j] as number) * along) / size) * factor;
    }
  });
}
