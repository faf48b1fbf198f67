import type { Pass } from "../contract.js";
import { LAYER } from "../fields.js";
import type { Memory } from "../memory.js";
import { Fields, LayerRecord, layersOf } from "./layer.js";
import { Run } from "./run.js";

/** The fields of its record: class LayerNorm in assembly/layers/layer-norm.ts. */
export const LAYER_NORM = [...LAYER, "epsilon"] as const;

const fround = Math.fround;

class LayerNormRecord extends LayerRecord {
  readonly epsilon: number;

  constructor(memory: Memory, address: number) {
    super(memory, address);
    this.epsilon = new Fields(memory, address, LAYER_NORM).float("epsilon");
  }
}

/** Sums in four lanes, as the vector code computes them. */
class Lanes {
  readonly #lanes = new Float32Array(4);

  clear(): void {
    this.#lanes.fill(0);
  }

  add(i: number, value: number): void {
    this.#lanes[i & 3] = (this.#lanes[i & 3] as number) + value;
  }

  get total(): number {
    const [a, b, c, d] = this.#lanes as unknown as [
      number,
      number,
      number,
      number,
    ];
    return fround(fround(a + c) + fround(b + d));
  }
}

/** y [rows, steps, yStride] ← x, of mean 0 and variance 1 over each step's features, scaled and shifted. */
export function layerNormKernel(memory: Memory): Pass {
  const layerAt = layersOf(memory, LayerNormRecord);
  const run = new Run(memory);
  const sum = new Lanes();
  const squares = new Lanes();
  return (address) => {
    const { f32, x, y, z, rows, steps } = run.read(address);
    const layer = layerAt(run.layer);
    const { inputWidth, yStride, output, outputSize: size, epsilon } = layer;
    const scale = layer.input;
    const shift = scale + output;
    for (let row = 0; row < rows; row++) {
      for (let t = 0; t < run.length(row); t++) {
        const at = row * steps + t;
        const from = x + at * inputWidth;
        const to = y + at * yStride;
        sum.clear();
        for (let i = 0; i < size; i++) sum.add(i, f32[from + i] as number);
        const mean = fround(sum.total / size);
        sum.clear();
        squares.clear();
        for (let i = 0; i < size; i++) {
          const d = fround((f32[from + i] as number) - mean);
          f32[z + i] = d;
          sum.add(i, d);
          squares.add(i, fround(d * d));
        }
        const rest = fround(sum.total / size);
        const variance = fround(
          fround(squares.total / size) - fround(rest * rest),
        );
        const factor = fround(
          1 / fround(Math.sqrt(fround(variance + epsilon))),
        );
        for (let i = 0; i < size; i++) {
          const d = fround((f32[z + i] as number) - rest);
          const scaled = fround(
            fround(d * factor) * (f32[scale + i] as number),
          );
          f32[to + i] = scaled + (f32[shift + i] as number);
        }
        f32.fill(0, to + size, to + output);
      }
    }
  };
}
