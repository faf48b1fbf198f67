import { isRecord } from "../checks.js";
import { FormatError } from "../errors.js";
import { READ } from "../safetensors.js";
import { readHeader } from "../safetensors-header.js";

/** Whether the file is one that Graph.save wrote; damage elsewhere in it does not matter. */
export function isSaved(bytes: Uint8Array): boolean {
  let metadata: Record<string, string>;
  try {
    ({ metadata } = readHeader(bytes, READ));
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
  try {
    const described: unknown = JSON.parse(metadata["gatewise"] ?? "");
    return isRecord(described) && "graph" in described;
  } catch {
    return false; // no JSON: its reader says so
  }
}
