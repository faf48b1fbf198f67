import { gates } from "./naive";
import { Run, stepByStep } from "./run";

/** Rung 2 adds vectors: a row of weights times x, 4 columns at a time in 4 sums, added up across lanes at its end. */
export function dots(run: Run): void {
  stepByStep(run, sums, gates);
}

function sums(run: Run, x: usize, z: usize, h: usize): void {
  const inputs = run.inputs;
  const units = run.units;
  let w = run.w;
  let r = run.r;
  for (let j = 0; j < units << 2; j++) {
    const sum = f32x4.add(dot(w, x, inputs), dot(r, h, units));
    store<f32>(z + (j << 2), load<f32>(run.b + (j << 2)) + across(sum));
    w += inputs << 2;
    r += units << 2;
  }
}

/** Σ w ∘ x, a partial sum in each lane; k is a multiple of 16. */
@inline
function dot(w: usize, x: usize, k: i32): v128 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = x + (k << 2);
  for (; x < end; w += 64, x += 64) {
    a = f32x4.add(a, f32x4.mul(v128.load(w), v128.load(x)));
    b = f32x4.add(b, f32x4.mul(v128.load(w, 16), v128.load(x, 16)));
    c = f32x4.add(c, f32x4.mul(v128.load(w, 32), v128.load(x, 32)));
    d = f32x4.add(d, f32x4.mul(v128.load(w, 48), v128.load(x, 48)));
  }
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}


@inline
function across(sum: v128): f32 {
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 1, 0, 3, 2));
  return f32x4.extract_lane(sum, 0);
}
