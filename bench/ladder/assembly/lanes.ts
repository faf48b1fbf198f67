import { sigmoid, tanh } from "../../../assembly/activations";
import { madd } from "../../../assembly/simd";
import { sums } from "./panels";
import { Run, stepByStep } from "./run";

/** Rung 4 adds gates on four lanes: the kernel's own tanh and σ, four units at a time. */
export function lanes(run: Run): void {
  stepByStep(run, sums, gates);
}

export function gates(run: Run, z: usize, c: usize, y: usize): void {
  for (let quad = run.units >> 2; quad > 0; quad--) {
    const i = sigmoid(v128.load(z));
    const f = sigmoid(v128.load(z, 16));
    const g = tanh(v128.load(z, 32));
    const o = sigmoid(v128.load(z, 48));
    const cell = madd(f, v128.load(c), f32x4.mul(i, g));
    v128.store(c, cell);
    v128.store(y, f32x4.mul(o, tanh(cell)));
    z += 64;
    c += 16;
    y += 16;
  }
}
