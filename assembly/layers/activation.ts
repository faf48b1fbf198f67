import { Layer } from "../layer";
import { activate } from "../linear";
import { clearPadding } from "../product";
import { Run } from "../run";
import { laneMask } from "../simd";

/**
 * y [rows, steps, outputStride] ← f(x), by way of one row in z: rows of x need not be whole quads, and a softmax must not
 * count what lies behind them.
 */
export function activation(run: Run): void {
  const layer = changetype<Layer>(run.layer);
  const quads = layer.outputQuads;
  const bytes: i32 = quads << 4;
  const mask = laneMask(layer.outputTail);
  const xStride: i32 = layer.inputWidth << 2;
  const steps = run.steps;
  const z = run.z;
  const last = z + bytes - 16;
  for (let row = 0; row < run.rows; row++) {
    const length = run.lengths ? load<i32>(run.lengths + (row << 2)) : steps;
    for (let t = 0; t < length; t++) {
      const at = row * steps + t;
      const y = run.y + at * layer.outputStride;
      memory.copy(z, run.x + at * xStride, bytes);
      const tail = v128.bitselect(
        v128.load(last),
        f32x4.splat(-Infinity),
        mask,
      );
      v128.store(last, tail);
      activate(layer, z, y);
      clearPadding(y, quads, layer.outputTail);
    }
  }
}
