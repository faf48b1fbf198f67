import { FormatError } from "../../errors.js";
import { Budget } from "../budget.js";
import { readLegacy } from "./legacy-file.js";
import { readZip } from "./zip-file.js";

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

/** @throws FormatError naming the place */
export function readFile(file: Uint8Array, options: FileOptions): TorchFile {
  if (file[0] === 0x50 && file[1] === 0x4b) return readZip(file, options);
  const start = String.fromCharCode(...file.subarray(257, 262));
  if (start === "ustar")
    throw new FormatError(
      "expected what torch.save writes, got a tar file, the form before PyTorch 0.1.10",
      0,
    );
  if (file.length === 0)
    throw new FormatError("expected what torch.save writes, got 0 bytes", 0);
  return readLegacy(file);
}
