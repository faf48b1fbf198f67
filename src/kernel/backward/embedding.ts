import { lanesOf, type Rows } from "./arena.js";
import { type Layout, runLine } from "./parameters.js";
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
  readonly stepFloats: number;
  readonly widest = 0;
  readonly #spec: EmbeddingSpec;
  readonly #table: number;

  constructor(spec: EmbeddingSpec, layout: Layout) {
    const { vocabSize, size, prefix } = spec;
    this.#spec = spec;
    this.names = [`${prefix}weight`];
    this.stepFloats = lanesOf(size);
    this.#table = layout.floats(vocabSize * size);
    layout.places.push({
      name: `${prefix}weight`,
      shape: [vocabSize, size],
      rows: vocabSize,
      columns: size,
      lineOf: (row) => runLine(this.#table + row * size),
      backOf: null,
      columnsOf: null,
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
