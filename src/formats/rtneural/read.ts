import { record } from "../../checks.js";
import { checkBackend } from "../../layers/options.js";
import type { AudioModel } from "../audio.js";
import { type Place, placeOf } from "../json.js";
import { MODEL_OPTIONS, type ModelOptions } from "../state-dict.js";
import { readModel } from "./model.js";
import { isStateDict, readStateDict } from "./torch.js";

/** @param given the file, or its parsed JSON */
export function readRTNeural(
  given: Uint8Array | ArrayBuffer | Place,
  options: ModelOptions,
): AudioModel {
  const backend = checkBackend(
    record(options, "options", MODEL_OPTIONS)["backend"],
  );
  const file = placeOf(given);
  return isStateDict(file)
    ? readStateDict(file, options)
    : readModel(file, backend);
}
