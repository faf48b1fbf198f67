import { toBytes } from "../../bytes.js";
import { record } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { collectTensors, type ParsedTensors } from "../parsed.js";
import { ExternalFiles } from "./external.js";
import { Fields } from "./fields.js";
import type { OnnxOptions } from "./load.js";
import { readModel } from "./read.js";
import { valueOf } from "./tensors.js";

/**
 * The weights of an ONNX file with any operations, for building the model yourself.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, naming the place, if the file is damaged or has weights in
 *   a file that was not given
 */
export function parse(
  bytes: Uint8Array | ArrayBuffer,
  options: Pick<OnnxOptions, "files" | "maxBytes"> = {},
): ParsedTensors {
  const known = { files: 0, maxBytes: 0 };
  const { files, maxBytes } = record(options, "options", known);
  const given = new ExternalFiles(files, maxBytes);
  const { graph, producerName, producerVersion } = readModel(
    new Fields(toBytes(bytes)),
  );
  if (!graph) throw new FormatError("expected a model, got none", "graph");
  const entries = graph.initializers.map((tensor) => {
    const { name } = tensor;
    const place = `initializer ${JSON.stringify(name)}`;
    const { dtype, shape, data } = valueOf(tensor, place, given);
    const read = () => (data instanceof Float32Array ? { shape, data } : null);
    return { name, dtype, shape, read };
  });
  const producer = [producerName, producerVersion].filter(Boolean).join(" ");
  const metadata: Record<string, string> = producer ? { producer } : {};
  return { ...collectTensors(entries), metadata };
}
