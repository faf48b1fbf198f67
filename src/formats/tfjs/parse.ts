import { record } from "../../checks.js";
import { budgetFor } from "../budget.js";
import { field, parseObject } from "../json.js";
import { collectTensors, type ParsedTensors } from "../parsed.js";
import { Files } from "./files.js";
import { readManifest } from "./manifest.js";

const TEXTS = ["format", "generatedBy", "convertedBy"];

/**
 * The weights that a model.json lists, by name, whatever the model, including graph models. Quantised weights are
 * converted to floats.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, which names the place, for damaged or missing files
 */
export function parse(
  files: Readonly<Record<string, Uint8Array | ArrayBuffer>>,
  options: { maxBytes?: number } = {},
): ParsedTensors {
  const given = new Files(files);
  const { maxBytes } = record(options, "options", { maxBytes: 0 });
  const budget = budgetFor(maxBytes, given.size);
  const [name, bytes] = given.model;
  const file = parseObject(bytes, name);
  const entries = readManifest(
    file,
    (path, at) => given.find(path, at),
    budget,
  );
  const metadata = TEXTS.flatMap((key) => {
    const value = field(file, key);
    return typeof value === "string" ? [[key, value] as const] : [];
  });
  return {
    ...collectTensors(
      entries.map((entry) => ({
        ...entry,
        read: () => (entry.dtype === "float32" ? entry.read() : null),
      })),
    ),
    metadata: Object.fromEntries(metadata),
  };
}
