/*
 * A layer of ours as a report has it, for the files whose names and shapes are PyTorch's.
 */
import type { Layer } from "../index.js";
import type { ReportLayer } from "./report.js";

/** @param name in the file */
export function describeLayer(name: string, layer: Layer): ReportLayer {
  return { name, type: layer.type, ...layer.description };
}
