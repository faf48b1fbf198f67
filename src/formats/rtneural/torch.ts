/*
 * A PyTorch state dict as JSON, which RTNeural's examples write: names, and nested lists of numbers.
 *
 *     { "lstm.weight_ih_l0": [[…], …], "lstm.bias_ih_l0": […], …, "dense.weight": [[…]], "dense.bias": […] }
 */
import type { StateDict } from "../../safetensors.js";
import type { AudioModel } from "../audio.js";
import { nested, type Place } from "../json.js";
import { buildModel, type ModelOptions } from "../state-dict.js";

/** Whether all fields are lists, and one has the name of a parameter. */
export function isStateDict({ fields }: Place): boolean {
  const entries = Object.entries(fields);
  return (
    entries.every(([, value]) => Array.isArray(value)) &&
    entries.some(([name]) => /(^|\.)(weight|weight_ih_l0)$/.test(name))
  );
}

/** @throws FormatError if the order of the layers does not follow from the names; RangeError for the options */
export function readStateDict(file: Place, options: ModelOptions): AudioModel {
  const tensors: StateDict = Object.fromEntries(
    Object.entries(file.fields).map(([name, value]) => [
      name,
      nested(value, JSON.stringify(name.slice(0, 200))),
    ]),
  );
  const { model, report } = buildModel(
    {
      tensors,
      modules: null,
      format: "rtneural",
      producer: "PyTorch",
      version: null,
      converted: [],
      ignored: [],
    },
    options,
  );
  return { model, report, sampleRate: null, cases: [] };
}
