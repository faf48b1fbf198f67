import { sigmoid, tanh } from "./activations.js";
import type { Layer } from "./layer.js";
import { product, quadSums } from "./linear.js";
import type { StepPlace } from "./recurrence.js";

const fround = Math.fround;

/** The sums of one quad, r ×4, z ×4, U_n h ×4, then its gates. */
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

/** Reset after the product. */
export function gruAfterStep(
  f32: Float32Array,
  layer: Layer,
  place: StepPlace,
): void {
  const { output } = layer;
  for (let row = 0; row < place.active; row++) {
    const h = place.h + row * output;
    const y = place.y + row * place.yRow;
    let w = layer.recurrent;
    let z = place.z + row * place.zRow;
    let trace = place.trace;
    for (
      let quad = 0;
      quad < output;
      quad += 4, w += 12 * (output + 1), z += 12
    ) {
      quadSums(f32, w, 12, h, output, z, gates, 0);
      quadSums(f32, w + 4, 12, h, output, z + 4, gates, 4);
      quadSums(f32, w + 8, 12, h, output, w + 8, gates, 8);
      sigmoid(gates, 0, gates, 0, 8);
      for (let lane = 0; lane < 4; lane++) {
        const reset = fround(
          (gates[lane] as number) * (gates[lane + 8] as number),
        );
        gates[lane + 8] = reset + (f32[z + 8 + lane] as number);
      }
      tanh(gates, 8, gates, 8, 4);
      update(f32, h + quad, y + quad, trace);
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
