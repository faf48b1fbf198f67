import { type Cell, isGeneral, quadsOf } from "./cell.js";
import { ACTIVATIONS, Field, KINDS } from "./contract.js";
import { type CellActivation, curveOf, nameOf } from "./curves.js";
import type { Memory } from "./memory.js";

/** The gates that see c, in the order of `weight_peephole`: i f o. */
const PEEPHOLES = 3;

/** Floats of a cell's peepholes: [quads, i f o, 4]. */
export const peepholeFloats = (cell: Cell): number =>
  cell.peepholes ? quadsOf(cell.hiddenSize) * PEEPHOLES * 4 : 0;

/** Writes into the record (a float's index) what its options say, and its peepholes at `at`. */
export function writeOptions(
  memory: Memory,
  record: number,
  cell: Cell,
  at: number,
): void {
  const { f32, i32 } = memory;
  const { activations, kind } = cell;
  const name = nameOf(activations[0] as CellActivation);
  const general = isGeneral(cell);
  i32[record + Field.activation] = general
    ? 0
    : (ACTIVATIONS as readonly string[]).indexOf(name);
  i32[record + Field.kind] = KINDS.indexOf(kind);
  i32[record + Field.general] = general ? 1 : 0;
  if (!general) return;
  activations.forEach((activation, index) => {
    const slot = record + Field.curves + index * 3;
    const { number, a, b } = curveOf(activation as CellActivation);
    i32[slot] = number;
    f32[slot + 1] = a;
    f32[slot + 2] = b;
  });
  f32[record + Field.clip] = cell.clip;
  i32[record + Field.coupled] = cell.coupled ? 1 : 0;
  i32[record + Field.resetAfter] = cell.resetBefore ? 0 : 1;
  i32[record + Field.replace] = cell.replace ? 1 : 0;
  i32[record + Field.peepholes] = cell.peepholes ? at * 4 : 0;
  if (cell.peepholes) writePeepholes(f32, at, cell);
}

function writePeepholes(target: Float32Array, start: number, cell: Cell): void {
  const { hiddenSize } = cell;
  const weights = cell.weights().peephole as Float32Array;
  target.fill(0, start, start + peepholeFloats(cell));
  for (let gate = 0; gate < PEEPHOLES; gate++) {
    for (let unit = 0; unit < hiddenSize; unit++) {
      const quad = (unit >> 2) * PEEPHOLES + gate;
      target[start + quad * 4 + (unit & 3)] = weights[
        gate * hiddenSize + unit
      ] as number;
    }
  }
}
