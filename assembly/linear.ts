import { exp, relu, sigmoid, tanh } from "./activations";
import { gate } from "./general";
import { useRoom } from "./integers";
import { Layer } from "./layer";
import { clearPadding, project } from "./product";
import { Run } from "./run";

/** The activations of an RNN or Linear, as src/kernel/activations.ts numbers them. */
export const TANH = 1;
export const SIGMOID = 2;
export const RELU = 3;
export const SOFTMAX = 4;

/** y ← f(z) for one row, quad by quad. */
export function activate(layer: Layer, z: usize, y: usize): void {
  const quads = layer.outputQuads;
  const activation = layer.activation;
  const end = z + (quads << 4);
  if (layer.general)
    for (; z < end; z += 16, y += 16)
      v128.store(y, gate(layer, layer.functionAt(0), v128.load(z)));
  else if (activation == TANH)
    for (; z < end; z += 16, y += 16) v128.store(y, tanh(v128.load(z)));
  else if (activation == SIGMOID)
    for (; z < end; z += 16, y += 16) v128.store(y, sigmoid(v128.load(z)));
  else if (activation == RELU)
    for (; z < end; z += 16, y += 16) v128.store(y, relu(v128.load(z)));
  else if (activation == SOFTMAX) softmax(z, y, quads);
  else for (; z < end; z += 16, y += 16) v128.store(y, v128.load(z));
}

/** One row's softmax, the maximum taken off first. Lanes of no output hold -∞ (their bias) and become 0. */
function softmax(z: usize, y: usize, quads: i32): void {
  const zEnd = z + (quads << 4);
  const yEnd = y + (quads << 4);
  let most = v128.load(z);
  for (let p = z + 16; p < zEnd; p += 16) most = f32x4.max(most, v128.load(p));
  most = f32x4.max(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  most = f32x4.max(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2));
  let sum = f32x4.splat(0);
  for (let p = y; z < zEnd; z += 16, p += 16) {
    const d = f32x4.sub(v128.load(z), most);
    // exp ends at 1.2e-38; what is -∞ weighs nothing
    const e = v128.andnot(exp(d), f32x4.eq(d, f32x4.splat(-Infinity)));
    v128.store(p, e);
    sum = f32x4.add(sum, e);
  }
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 1, 0, 3, 2));
  for (; y < yEnd; y += 16) v128.store(y, f32x4.div(v128.load(y), sum));
}

/** y [rows, steps, outputStride] ← f(W x + b). */
export function linear(run: Run): void {
  const layer = changetype<Layer>(run.layer);
  const rows = run.rows;
  const steps = run.steps;
  const lengths = run.lengths;
  useRoom(run.integers);
  project(layer, run);
  const zStride: i32 = layer.inputPanels << 6;
  const yStride: i32 = layer.outputStride;
  let z = run.z;
  let y = run.y;
  for (let row = 0; row < rows; row++) {
    const length = lengths ? load<i32>(lengths + (row << 2)) : steps;
    for (let t = 0; t < length; t++) {
      const yt = y + t * yStride;
      activate(layer, z + t * zStride, yt);
      clearPadding(yt, layer.outputQuads, layer.outputTail);
    }
    z += steps * zStride;
    y += steps * yStride;
  }
}
