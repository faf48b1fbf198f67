import { Run, stepByStep } from "./run";

/** Rung 1: the equations as they are written, a number at a time; tanh and exp of the language's library. */
export function naive(run: Run): void {
  stepByStep(run, sums, gates);
}

function sums(run: Run, x: usize, z: usize, h: usize): void {
  const inputs = run.inputs;
  const units = run.units;
  let w = run.w;
  let r = run.r;
  for (let j = 0; j < units << 2; j++) {
    let sum = load<f32>(run.b + (j << 2));
    for (let k = 0; k < inputs; k++)
      sum += load<f32>(w + (k << 2)) * load<f32>(x + (k << 2));
    for (let k = 0; k < units; k++)
      sum += load<f32>(r + (k << 2)) * load<f32>(h + (k << 2));
    store<f32>(z + (j << 2), sum);
    w += inputs << 2;
    r += units << 2;
  }
}

/** z: i of all units, then f, g, o. */
export function gates(run: Run, z: usize, c: usize, y: usize): void {
  const width: i32 = run.units << 2;
  for (let unit = 0; unit < width; unit += 4)
    unitGates(z + unit, width, c + unit, y + unit);
}

/** One unit, whose four sums lie `apart` bytes from each other. */
@inline
export function unitGates(z: usize, apart: i32, c: usize, y: usize): void {
  const i = sigmoid(load<f32>(z));
  const f = sigmoid(load<f32>(z + apart));
  const g = Mathf.tanh(load<f32>(z + 2 * apart));
  const o = sigmoid(load<f32>(z + 3 * apart));
  const cell = f * load<f32>(c) + i * g;
  store<f32>(c, cell);
  store<f32>(y, o * Mathf.tanh(cell));
}

function sigmoid(a: f32): f32 {
  return 1 / (1 + Mathf.exp(-a));
}
