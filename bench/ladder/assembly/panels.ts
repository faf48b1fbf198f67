import { unitGates } from "./naive";
import { Run, stepByStep } from "./run";

/** Rung 3 adds panels: 16 rows of weights side by side, so a lane is an output and nothing is added across lanes. */
export function panels(run: Run): void {
  stepByStep(run, sums, gates);
}

export function sums(run: Run, x: usize, z: usize, h: usize): void {
  vectorTimesPanels(run.w, x, z, run.inputs, run.units >> 2, false);
  vectorTimesPanels(run.r, h, z, run.units, run.units >> 2, true);
}

/** z [16 · count] ← bias + W x, or, accumulating, z + W x: four sums of four outputs, a column after the other. */
export function vectorTimesPanels(
  w: usize,
  x: usize,
  z: usize,
  k: i32,
  count: i32,
  accumulate: bool,
): void {
  const end = x + (k << 2);
  for (; count > 0; count--) {
    const start = accumulate ? z : w;
    let s0 = v128.load(start);
    let s1 = v128.load(start, 16);
    let s2 = v128.load(start, 32);
    let s3 = v128.load(start, 48);
    w += 64;
    for (let p = x; p < end; p += 4) {
      const one = v128.load32_splat(p);
      s0 = f32x4.add(s0, f32x4.mul(v128.load(w), one));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(w, 16), one));
      s2 = f32x4.add(s2, f32x4.mul(v128.load(w, 32), one));
      s3 = f32x4.add(s3, f32x4.mul(v128.load(w, 48), one));
      w += 64;
    }
    v128.store(z, s0);
    v128.store(z, s1, 16);
    v128.store(z, s2, 32);
    v128.store(z, s3, 48);
    z += 64;
  }
}

/** z: i i i i f f f f g g g g o o o o of four units, then of the next four. */
function gates(run: Run, z: usize, c: usize, y: usize): void {
  for (let quad = run.units >> 2; quad > 0; quad--) {
    for (let lane = 0; lane < 16; lane += 4)
      unitGates(z + lane, 16, c + lane, y + lane);
    z += 64;
    c += 16;
    y += 16;
  }
}
