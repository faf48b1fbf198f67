import type { Pass } from "../contract.js";
import type { Memory } from "../memory.js";
import { Fields } from "./layer.js";

const fround = Math.fround;

/** The fields of its record: class Planes in assembly/arrays/planes.ts. */
export const PLANES = [
  "x",
  "y",
  "weights",
  "biases",
  "offsets",
  "taps",
  "groups",
  "outputs",
  "groupBytes",
  "outputBytes",
  "starts",
  "rows",
  "quads",
] as const;

/** y [groups, outputs, rows, 4 · quads] ← the sums of the taps. */
export function planesKernel(memory: Memory): Pass {
  return (address) => {
    const { f32, i32 } = memory;
    const fields = new Fields(memory, address, PLANES);
    const taps = fields.int("taps");
    const outputs = fields.int("outputs");
    const columns = fields.int("quads") * 4;
    const offsets = fields.index("offsets");
    const starts = fields.index("starts");
    const rows = fields.int("rows");
    let x = fields.index("x");
    let y = fields.index("y");
    let w = fields.index("weights");
    let bias = fields.index("biases");
    for (let group = 0; group < fields.int("groups"); group++) {
      for (let output = 0; output < outputs; output++) {
        for (let row = 0; row < rows; row++) {
          const start = starts + row * 2;
          const first = x + ((i32[start] as number) >> 2);
          const to = y + ((i32[start + 1] as number) >> 2);
          f32.fill(f32[bias] as number, to, to + columns);
          for (let tap = 0; tap < taps; tap++) {
            const weight = f32[w + tap] as number;
            const from = first + ((i32[offsets + tap] as number) >> 2);
            for (let i = 0; i < columns; i++)
              f32[to + i] =
                fround(weight * (f32[from + i] as number)) +
                (f32[to + i] as number);
          }
        }
        w += taps;
        bias++;
        y += fields.index("outputBytes");
      }
      x += fields.index("groupBytes");
    }
  };
}
