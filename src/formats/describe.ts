/*
 * A layer in a report, for files with PyTorch's names and shapes.
 */
import type { Layer } from "../index.js";
import type { ReportLayer } from "./report.js";

/** @param name in the file */
export function describeLayer(name: string, layer: Layer): ReportLayer {
  return { name, type: layer.type, ...layer.description };
}
