import type { ActivationCode } from "../activations.js";
import type { Pass } from "../contract.js";
import type { Memory } from "../memory.js";
import { exp, sigmoid, tanh } from "./activations.js";
import { gate } from "./general.js";
import { LayerRecord, layersOf } from "./layer.js";
import { project } from "./product.js";
import { Run } from "./run.js";

const fround = Math.fround;

/** y ← f(z) for one row. */
export function activate(
  f32: Float32Array,
  layer: LayerRecord,
  z: number,
  y: number,
): void {
  const { activation, output: lanes } = layer;
  if (layer.general) {
    f32.copyWithin(y, z, z + lanes);
    gate(layer, layer.functions[0] as ActivationCode, f32, y, lanes);
  } else if (activation === "tanh") tanh(f32, z, f32, y, lanes);
  else if (activation === "sigmoid") sigmoid(f32, z, f32, y, lanes);
  else if (activation === "softmax") softmax(f32, z, y, lanes);
  else if (activation === "relu") {
    for (let i = 0; i < lanes; i++) {
      const value = f32[z + i] as number;
      f32[y + i] = value < 0 ? 0 : value;
    }
  } else f32.copyWithin(y, z, z + lanes);
}

/** The softmax of one row; sums in four lanes, as in the vector code. */
function softmax(f32: Float32Array, z: number, y: number, lanes: number): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < lanes; i++) most = Math.max(most, f32[z + i] as number);
  for (let i = 0; i < lanes; i++) f32[y + i] = (f32[z + i] as number) - most;
  exp(f32, y, f32, y, lanes);
  for (let i = 0; i < lanes; i++)
    if (fround((f32[z + i] as number) - most) === Number.NEGATIVE_INFINITY)
      f32[y + i] = 0;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = y; i < y + lanes; i += 4) {
    a = fround(a + (f32[i] as number));
    b = fround(b + (f32[i + 1] as number));
    c = fround(c + (f32[i + 2] as number));
    d = fround(d + (f32[i + 3] as number));
  }
  const sum = fround(fround(a + c) + fround(b + d));
  for (let i = y; i < y + lanes; i++) f32[i] = (f32[i] as number) / sum;
}

/** y [rows, steps, yStride] ← f(W x + b). */
function linear(layer: LayerRecord, run: Run): void {
  const { f32, z, y, rows, steps } = run;
  project(layer, run);
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < run.length(row); t++) {
      const at = row * steps + t;
      const to = y + at * layer.yStride;
      activate(f32, layer, z + at * layer.zStride, to);
      f32.fill(0, to + layer.outputSize, to + layer.output);
    }
  }
}

export function linearKernel(memory: Memory): Pass {
  const layerAt = layersOf(memory, LayerRecord);
  const run = new Run(memory);
  return (address) => {
    run.read(address);
    linear(layerAt(run.layer), run);
  };
}
