import { sigmoid, tanh } from "./activations.js";
import type { Layer } from "./layer.js";
import { product } from "./linear.js";
import type { StepPlace } from "./recurrence.js";

const fround = Math.fround;

/** The gates of one quad: i ×4, f ×4, g ×4, o ×4. */
const gates = new Float32Array(16);

export function lstmStep(
  f32: Float32Array,
  layer: Layer,
  place: StepPlace,
): void {
  const { hidden, output } = layer;
  const { z, zRow, h, active } = place;
  const m = layer.second ? place.scratch : place.y;
  const mRow = layer.second ? hidden : place.yRow;
  product(
    f32,
    layer.recurrent,
    h,
    output,
    z,
    zRow,
    active,
    output,
    hidden / 4,
    true,
  );
  for (let row = 0; row < active; row++) {
    let sums = z + row * zRow;
    let trace = place.trace;
    for (let quad = 0; quad < hidden; quad += 4, sums += 16) {
      sigmoid(f32, sums, gates, 0, 8);
      tanh(f32, sums + 8, gates, 8, 4);
      sigmoid(f32, sums + 12, gates, 12, 4);
      const c = place.c + row * hidden + quad;
      for (let lane = 0; lane < 4; lane++) {
        const kept = fround(
          (gates[lane + 4] as number) * (f32[c + lane] as number),
        );
        const added = fround(
          (gates[lane] as number) * (gates[lane + 8] as number),
        );
        f32[c + lane] = kept + added;
      }
      const to = m + row * mRow + quad;
      tanh(f32, c, f32, to, 4);
      for (let lane = 0; lane < 4; lane++) {
        f32[to + lane] =
          (f32[to + lane] as number) * (gates[lane + 12] as number);
      }
      if (!trace) continue;
      f32.set(gates, trace);
      f32.copyWithin(trace + 16, c, c + 4);
      trace += lstmStep.traced;
    }
  }
  if (layer.second) projectHidden(f32, layer, m, place);
}
lstmStep.traced = 20;

/** y ← W_hr m for the rows of a step, by way of sums behind m. */
export function projectHidden(
  f32: Float32Array,
  layer: Layer,
  m: number,
  { y, yRow, active }: StepPlace,
): void {
  const { hidden, hiddenSize, output } = layer;
  const panels = Math.ceil(output / 16);
  const sumsAt = m + active * hidden;
  for (let row = 0; row < active; row++)
    f32.fill(0, m + row * hidden + hiddenSize, m + (row + 1) * hidden);
  product(
    f32,
    layer.second,
    m,
    hidden,
    sumsAt,
    panels * 16,
    active,
    hidden,
    panels,
    false,
  );
  for (let row = 0; row < active; row++) {
    const from = sumsAt + row * panels * 16;
    f32.copyWithin(y + row * yRow, from, from + output);
  }
}
