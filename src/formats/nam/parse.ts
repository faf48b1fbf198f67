import { field, nested, object, type Place, placeOf } from "../json.js";
import type { ParsedTensors } from "../parsed.js";
import { parseLists } from "../rtneural/parse.js";

const TEXTS = ["version", "architecture"];

/** @param file the file, or its parsed JSON */
export function parseAmp(
  file: Uint8Array | ArrayBuffer | Place,
): ParsedTensors {
  const content = placeOf(file);
  if (field(content, "architecture") !== undefined) {
    const texts = TEXTS.flatMap((name) => {
      const value = field(content, name);
      return typeof value === "string" ? [[name, value] as const] : [];
    });
    return {
      tensors: { weights: nested(field(content, "weights"), "weights") },
      metadata: Object.fromEntries(texts),
      ignored: [],
    };
  }
  return parseLists(
    field(content, "model_data") === undefined
      ? content
      : object(content, "state_dict"),
  );
}
