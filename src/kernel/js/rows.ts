import type { Pass } from "../contract.js";
import type { Memory } from "../memory.js";
import { Fields } from "./layer.js";

/** The fields of its record: class Rows in assembly/arrays/rows.ts. */
export const ROWS = ["from", "to", "list", "count", "bytes"] as const;

/** Those of a row: class RowOf there. */
export const ROW = ["to", "a", "b", "sign"] as const;

/** Adds and subtracts rows. */
export function rowsKernel(memory: Memory): Pass {
  return (address) => {
    const { f32, i32 } = memory;
    const fields = new Fields(memory, address, ROWS);
    const from = fields.index("from");
    const target = fields.index("to");
    const columns = fields.index("bytes");
    let place = fields.index("list");
    for (let left = fields.int("count"); left > 0; left--) {
      const to = target + ((i32[place] as number) >> 2);
      const a = from + ((i32[place + 1] as number) >> 2);
      const b = from + ((i32[place + 2] as number) >> 2);
      const sign = i32[place + 3] as number;
      for (let i = 0; i < columns; i++)
        f32[to + i] =
          (f32[a + i] as number) + (sign && sign * (f32[b + i] as number));
      place += ROW.length;
    }
  };
}
