import type { Budget } from "../budget.js";

/** The contents of a file: plain data, with tensors whose numbers have not been read yet. */
export interface TorchFile {
  readonly root: unknown;
  /** The placeholder objects, as lines for the report. */
  readonly ignored: readonly string[];
  /** The version of the format. */
  readonly version: string;
}

export interface FileOptions {
  readonly budget: Budget;
  readonly checksums: boolean;
}
