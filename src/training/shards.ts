import type { Draw } from "../kernel/backward.js";
import { randomAt } from "./counters.js";

/** What dropout draws from at a step of the optimiser: `from` is the first row of the shard. */
export const drawAt =
  (seed: number, step: number, from: number): Draw =>
  (operation, row) =>
    randomAt(seed, "dropout", step, operation, from + row);
