import {
  expm1Doubled,
  expNegated,
  plusOne,
  plusTwo,
} from "../../../assembly/activations";
import { rowsOverTime } from "./batched";
import { Run } from "./run";

/** Rung 9 adds gates in two passes, up to c and from c on, and shares divisions. */
export function passes(run: Run): void {
  rowsOverTime(run, gates);
}

function gates(run: Run, z: usize, c: usize, y: usize): void {
  const end = c + (run.units << 2);
  for (let at = c, sums = z; at < end; at += 16, sums += 64) {
    const i = expNegated(v128.load(sums));
    const f = expNegated(v128.load(sums, 16));
    const g = expm1Doubled(v128.load(sums, 32));
    const added = f32x4.div(g, f32x4.mul(plusOne(i), plusTwo(g)));
    const kept = f32x4.div(v128.load(at), plusOne(f));
    v128.store(at, f32x4.add(kept, added));
  }
  for (; c < end; c += 16, z += 64, y += 16) {
    const o = expNegated(v128.load(z, 48));
    const cell = expm1Doubled(v128.load(c));
    v128.store(y, f32x4.div(cell, f32x4.mul(plusOne(o), plusTwo(cell))));
  }
}
