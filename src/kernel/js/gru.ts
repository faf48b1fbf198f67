import { sigmoid, tanh } from "./activations.js";
import type { Layer } from "./layer.js";
import { product } from "./linear.js";
import type { StepPlace } from "./recurrence.js";

const fround = Math.fround;

/** The gates of one quad: r ×4, z ×4, n ×4. */
const gates = new Float32Array(12);

/** h' of a quad, whose gates are in `gates`: r ×4, z ×4, n ×4; traced when asked for. */
function update(f32: Float32Array, h: number, y: number, trace: number): void {
  for (let lane = 0; lane < 4; lane++) {
    const u = gates[lane + 4] as number;
    const n = gates[lane + 8] as number;
    f32[y + lane] =
      fround(u * (f32[h + lane] as number)) + fround(fround(1 - u) * n);
  }
  if (trace) f32.set(gates, trace);
}

/** Reset after the product; U h + c lies in `scratch`, in the order of z. */
export function gruAfterStep(
  f32: Float32Array,
  layer: Layer,
  place: StepPlace,
): void {
  const { output, panels } = layer;
  const { h, active, scratch } = place;
  const uRow = panels * 16;
  product(
    f32,
    layer.recurrent,
    h,
    output,
    scratch,
    uRow,
    active,
    output,
    panels,
    false,
  );
  for (let row = 0; row < active; row++) {
    const y = place.y + row * place.yRow;
    let z = place.z + row * place.zRow;
    let u = scratch + row * uRow;
    let trace = place.trace;
    for (let quad = 0; quad < output; quad += 4, z += 12, u += 12) {
      for (let i = 0; i < 8; i++)
        gates[i] = (f32[z + i] as number) + (f32[u + i] as number);
      sigmoid(gates, 0, gates, 0, 8);
      for (let lane = 0; lane < 4; lane++) {
        const reset = fround(
          (gates[lane] as number) * (f32[u + 8 + lane] as number),
        );
        gates[lane + 8] = reset + (f32[z + 8 + lane] as number);
      }
      tanh(gates, 8, gates, 8, 4);
      update(f32, h + row * output + quad, y + quad, trace);
      if (trace) trace += gruAfterStep.traced;
    }
  }
}
gruAfterStep.traced = 12;

/** Reset before the product; r ∘ h lies in `scratch`. */
export function gruBeforeStep(
  f32: Float32Array,
  layer: Layer,
  place: StepPlace,
): void {
  const { output, outputSize } = layer;
  const { h, z, zRow, y, yRow, active, scratch } = place;
  const gatePanels = Math.ceil(output / 8);
  const candidate = gatePanels * 16;
  product(
    f32,
    layer.recurrent,
    h,
    output,
    z,
    zRow,
    active,
    output,
    gatePanels,
    true,
  );
  for (let row = 0; row < active; row++) {
    const r = z + row * zRow;
    const at = row * output;
    sigmoid(f32, r, f32, r, output);
    for (let i = 0; i < output; i++) {
      const value = (f32[r + i] as number) * (f32[h + at + i] as number);
      f32[scratch + at + i] = i < outputSize ? value : 0;
    }
  }
  const candidatePanels = Math.ceil(output / 16);
  product(
    f32,
    layer.second,
    scratch,
    output,
    z + candidate,
    zRow,
    active,
    output,
    candidatePanels,
    true,
  );
  for (let row = 0; row < active; row++) {
    let trace = place.trace;
    for (let quad = 0; quad < output; quad += 4) {
      const r = z + row * zRow + quad;
      for (let lane = 0; lane < 4; lane++)
        gates[lane] = f32[r + lane] as number;
      sigmoid(f32, r + output, gates, 4, 4);
      tanh(f32, r + candidate, gates, 8, 4);
      update(f32, h + row * output + quad, y + row * yRow + quad, trace);
      if (trace) trace += gruBeforeStep.traced;
    }
  }
}
gruBeforeStep.traced = 12;
