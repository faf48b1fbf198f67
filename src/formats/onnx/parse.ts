import { toBytes } from "../../bytes.js";
import { record, shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { StateDict } from "../../safetensors.js";
import { ExternalFiles } from "./external.js";
import { Fields } from "./fields.js";
import type { OnnxOptions } from "./load.js";
import { readModel } from "./read.js";
import { valueOf } from "./tensors.js";

/** What `parse` finds. */
export interface ParsedInitializers {
  /** The initializers by their names, floats as float32. */
  readonly tensors: StateDict;
  /** Initializers that are no floats: a line each. */
  readonly ignored: readonly string[];
}

/**
 * The weights of an ONNX file, whatever its operations: for those who make the model themselves.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, as `load` for a file that is
 *   damaged or keeps its weights in a file that was not given
 */
export function parse(
  bytes: Uint8Array | ArrayBuffer,
  options: Pick<OnnxOptions, "files" | "maxBytes"> = {},
): ParsedInitializers {
  const known = { files: 0, maxBytes: 0 };
  const { files, maxBytes } = record(options, "options", known);
  const given = new ExternalFiles(files, maxBytes);
  const { graph } = readModel(new Fields(toBytes(bytes)));
  if (!graph) throw new FormatError("expected a model, got none", "graph");
  const entries: [string, StateDict[string]][] = [];
  const ignored: string[] = [];
  for (const tensor of graph.initializers) {
    const { name } = tensor;
    const place = `initializer ${JSON.stringify(name)}`;
    const { dtype, shape, data } = valueOf(tensor, place, given);
    if (data instanceof Float32Array) entries.push([name, { shape, data }]);
    else ignored.push(`${name}: ${dtype} ${shapeText(shape)}`);
  }
  // fromEntries defines own properties, so a tensor may be called __proto__
  return { tensors: Object.fromEntries(entries), ignored };
}
