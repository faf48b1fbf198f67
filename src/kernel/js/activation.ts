import type { Pass } from "../contract.js";
import type { Memory } from "../memory.js";
import { LayerRecord, layersOf } from "./layer.js";
import { activate } from "./linear.js";
import { Run } from "./run.js";

/** y [rows, steps, yStride] ← f(x), computed on one row in z. */
export function activationKernel(memory: Memory): Pass {
  const layerAt = layersOf(memory, LayerRecord);
  const run = new Run(memory);
  return (address) => {
    const { f32, x, y, z, rows, steps } = run.read(address);
    const layer = layerAt(run.layer);
    const { inputWidth, yStride, output, outputSize } = layer;
    for (let row = 0; row < rows; row++) {
      for (let t = 0; t < run.length(row); t++) {
        const at = row * steps + t;
        const from = x + at * inputWidth;
        const to = y + at * yStride;
        f32.copyWithin(z, from, from + outputSize);
        f32.fill(Number.NEGATIVE_INFINITY, z + outputSize, z + output);
        activate(f32, layer, z, to);
        f32.fill(0, to + outputSize, to + output);
      }
    }
  };
}
