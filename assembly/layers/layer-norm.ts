import { Layer } from "../layer";
import { clearPadding } from "../product";
import { Run } from "../run";
import { laneMask, madd } from "../simd";

/** The record of a LayerNorm, whose `input` are its two vectors, [ scale | shift ], whole quads of each. */
@unmanaged
class LayerNorm extends Layer {
  epsilon: f32;
}

/** The sum of four lanes. */
@inline
function total(lanes: v128): f32 {
  const pairs = f32x4.add(lanes, v128.shuffle<f32>(lanes, lanes, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/**
 * y ← (x - mean) / √(variance + ε) · scale + shift, over the features of each step. The variance is that of the
 * differences d, in a second pass: the mean of squares less the square of the mean loses all digits of large features.
 * What the first mean is off by, its own rounding, is the mean of d, and goes as well.
 */
export function layerNorm(run: Run): void {
  const layer = changetype<LayerNorm>(run.layer);
  const quads = layer.outputQuads;
  const bytes: i32 = quads << 4;
  const mask = laneMask(layer.outputTail);
  const size = <f32>(bytes - 16 + (layer.outputTail << 2)) / 4;
  const scale = layer.input;
  const shift = scale + bytes;
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
      v128.store(last, v128.and(v128.load(last), mask));
      let sum = f32x4.splat(0);
      for (let i = 0; i < bytes; i += 16)
        sum = f32x4.add(sum, v128.load(z + i));
      const mean = f32x4.splat(total(sum) / size);
      sum = f32x4.splat(0);
      let squares = f32x4.splat(0);
      for (let i = 0; i < bytes; i += 16) {
        let d = f32x4.sub(v128.load(z + i), mean);
        if (i == bytes - 16) d = v128.and(d, mask);
        v128.store(z + i, d);
        sum = f32x4.add(sum, d);
        squares = madd(d, d, squares);
      }
      const rest = total(sum) / size;
      const variance = total(squares) / size - rest * rest;
      const factor = f32x4.splat(1 / sqrt<f32>(variance + layer.epsilon));
      for (let i = 0; i < bytes; i += 16) {
        const d = f32x4.sub(v128.load(z + i), f32x4.splat(rest));
        const normal = f32x4.mul(d, factor);
        v128.store(
          y + i,
          madd(normal, v128.load(scale + i), v128.load(shift + i)),
        );
      }
      clearPadding(y, quads, layer.outputTail);
    }
  }
}
