import type { Budget } from "../budget.js";

/** What a file holds: plain data, with tensors whose numbers are not read yet. */
export interface TorchFile {
  readonly root: unknown;
  /** What was left as placeholders, for the report. */
  readonly ignored: readonly string[];
  /** Of the format. */
  readonly version: string;
}

export interface FileOptions {
  readonly budget: Budget;
  readonly checksums: boolean;
}
