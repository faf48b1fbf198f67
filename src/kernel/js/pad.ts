import type { Pass } from "../contract.js";
import type { Memory } from "../memory.js";
import { Fields } from "./layer.js";

/** The fields of its record: class Pad in assembly/arrays/pad.ts. */
export const PAD = [
  "from",
  "to",
  "channels",
  "fromBytes",
  "toBytes",
  "runs",
  "count",
] as const;

/** Those of a run: class PadRun there. */
export const PAD_RUN = [
  "to",
  "from",
  "before",
  "own",
  "behind",
  "step",
] as const;

/** to [channels, toBytes] ← the runs of from [channels, fromBytes]. */
export function padKernel(memory: Memory): Pass {
  return (address) => {
    const { f32, i32 } = memory;
    const fields = new Fields(memory, address, PAD);
    const runs = fields.index("runs");
    const end = runs + fields.int("count") * PAD_RUN.length;
    let from = fields.index("from");
    let to = fields.index("to");
    for (let left = fields.int("channels"); left > 0; left--) {
      for (let run = runs; run < end; run += PAD_RUN.length) {
        const field = (name: (typeof PAD_RUN)[number]) =>
          i32[run + PAD_RUN.indexOf(name)] as number;
        const step = field("step") >> 2;
        const own = field("own");
        let at = to + (field("to") >> 2);
        f32.fill(0, at, (at += field("before")));
        for (
          let i = 0, x = from + (field("from") >> 2);
          i < own;
          i++, x += step
        )
          f32[at++] = f32[x] as number;
        f32.fill(0, at, at + field("behind"));
      }
      from += fields.index("fromBytes");
      to += fields.index("toBytes");
    }
  };
}
