import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { type Layout, vector } from "./parameters.js";
import type { Flow, Machine, Operation, Step } from "./run.js";

export interface EmbeddingSpec {
  readonly type: "embedding";
  readonly vocabSize: number;
  readonly size: number;
  /** Whether steps of token 0 are masked. */
  readonly maskZero: boolean;
  readonly prefix: string;
}

/** Tokens to vectors; gradients are added row by row, in the order of the packed tokens. */
export class EmbeddingOperation implements Operation {
  readonly names: readonly string[];
  readonly #spec: EmbeddingSpec;
  readonly #table: number;

  constructor(spec: EmbeddingSpec, layout: Layout) {
    const { vocabSize, size, prefix } = spec;
    this.#spec = spec;
    this.names = [`${prefix}weight`];
    this.#table = layout.floats(vocabSize * size);
    layout.places.push({
      name: `${prefix}weight`,
      shape: [vocabSize, size],
      at: vector(vocabSize * size, (i) => this.#table + i),
      back: null,
      shared: false,
    });
  }

  forward({ arena, regions }: Machine, flow: Flow): Step {
    const { size, maskZero } = this.#spec;
    const { steps } = flow;
    const { packing } = steps;
    const tokens = flow.tokens as Float32Array;
    const lanes = lanesOf(size);
    const at = arena.zeros(packing.count * lanes);
    const { f32 } = arena.memory;
    const table = (regions.weights >> 2) + this.#table;
    const ids = new Int32Array(packing.count);
    packing.each((place, row, time) => {
      const id = tokens[row * steps.steps + time] as number;
      ids[place] = id;
      const from = table + id * size;
      f32.copyWithin((at >> 2) + place * lanes, from, from + size);
    });
    if (maskZero) {
      const mask = steps.mask?.slice() ?? new Uint8Array(tokens.length).fill(1);
      tokens.forEach((id, i) => {
        if (!id) mask[i] = 0;
      });
      flow.steps = { ...steps, mask };
    }
    flow.rows = { at, stride: lanes * 4, size };
    return {
      back: (back) => {
        const dy = back.rows as Rows;
        const gradients = (regions.gradients >> 2) + this.#table;
        const all = arena.memory.f32;
        for (let i = 0; i < ids.length; i++) {
          const from = (dy.at + i * dy.stride) >> 2;
          const to = gradients + (ids[i] as number) * size;
          for (let j = 0; j < size; j++)
            all[to + j] = (all[to + j] as number) + (all[from + j] as number);
        }
        back.rows = null;
      },
    };
  }
}

export interface MaskingSpec {
  readonly type: "masking";
  readonly maskValue: number;
}

/** Masks steps whose features are all one value, and makes them 0. */
export class MaskingOperation implements Operation {
  readonly names: readonly string[] = [];
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
    const lanes = lanesOf(x.size);
    const at = arena.zeros(packing.count * lanes);
    copyRows(arena.memory.f32, x, at, lanes, packing.count, masked);
    flow.rows = { at, stride: lanes * 4, size: x.size };
    flow.steps = { ...steps, mask };
    return {
      back: (back, needs) => {
        const dy = back.rows as Rows;
        back.rows = null;
        if (!needs) return;
        const width = panelsOf(x.size);
        const dx = arena.zeros(packing.count * width);
        copyRows(arena.memory.f32, dy, dx, width, packing.count, masked);
        back.rows = { at: dx, stride: width * 4, size: x.size };
      },
    };
  }
}

function copyRows(
  f32: Float32Array,
  from: Rows,
  to: number,
  lanes: number,
  count: number,
  but: readonly number[],
): void {
  for (let i = 0; i < count; i++) {
    const start = (from.at + i * from.stride) >> 2;
    f32.copyWithin((to >> 2) + i * lanes, start, start + from.size);
  }
  for (const place of but) {
    const start = (to >> 2) + place * lanes;
    f32.fill(0, start, start + from.size);
  }
}

export interface DropoutSpec {
  readonly type: "dropout";
  readonly rate: number;
  /** One mask a sequence. */
  readonly variational: boolean;
}

/** Drops features, or not: only where the run draws. */
export class DropoutOperation implements Operation {
  readonly names: readonly string[] = [];
  readonly #spec: DropoutSpec;
  readonly #index: number;

  constructor(spec: DropoutSpec, index: number) {
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
