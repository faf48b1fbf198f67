/*
 * NumPy's .npz: a zip file of .npy files.
 */
import { zipSync } from "fflate";
import { FormatError } from "../../errors.js";
import { Budget } from "../budget.js";
import { ZipArchive } from "../zip/archive.js";
import type { Tensor } from "../../tensor.js";
import { readNpy, writeNpy } from "./npy.js";

/** What its entries may inflate to: more than that is no input but an attack. */
const MAX_BYTES = 2 ** 32;

/** Whether it is a zip file of .npy files. */
export function isNpz(file: Uint8Array): boolean {
  if (file[0] !== 0x50 || file[1] !== 0x4b) return false;
  const { names } = new ZipArchive(file, new Budget(0));
  return names.length > 0 && names.every((name) => name.endsWith(".npy"));
}

/** The arrays by their names, without `.npy`. */
export function readNpz(
  file: Uint8Array,
  budget = new Budget(MAX_BYTES),
  checksums = true,
): Map<string, Tensor> {
  const archive = new ZipArchive(file, budget, checksums);
  return new Map(
    archive.names.map((entry) => {
      const name = entry.replace(/\.npy$/, "");
      try {
        return [name, readNpy(archive.read(entry))];
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        throw new FormatError(`${name}: ${error.message}`);
      }
    }),
  );
}

/** Stored, not deflated, as numpy.savez does: floats hardly shrink. */
export function writeNpz(arrays: ReadonlyMap<string, Tensor>): Uint8Array {
  const entries = Array.from(arrays, ([name, tensor]) => [
    `${name}.npy`,
    writeNpy(tensor),
  ]);
  return zipSync(Object.fromEntries(entries), { level: 0 });
}
