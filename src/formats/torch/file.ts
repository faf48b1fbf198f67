import { FormatError } from "../../errors.js";
import { readLegacy } from "./legacy-file.js";
import type { FileOptions, TorchFile } from "./torch-file.js";
import { readZip } from "./zip-file.js";

/** @throws FormatError naming the place */
export function readFile(file: Uint8Array, options: FileOptions): TorchFile {
  if (file[0] === 0x50 && file[1] === 0x4b) return readZip(file, options);
  const start = String.fromCharCode(...file.subarray(257, 262));
  if (start === "ustar")
    throw new FormatError(
      "expected a file of torch.save, got a tar file, the form before PyTorch 0.1.10",
      0,
    );
  if (file.length === 0)
    throw new FormatError("expected a file of torch.save, got 0 bytes", 0);
  return readLegacy(file);
}
