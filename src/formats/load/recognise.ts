/*
 * Which format a file has, by its first bytes or what is in it; its name tells nothing that can be relied on.
 */
import { FormatError } from "../../errors.js";
import { Budget } from "../budget.js";
import { field, parseObject, type Place } from "../json.js";
import { isSmartAmpPro } from "../rtneural/smart-amp-pro.js";
import { isStateDict } from "../rtneural/torch.js";
import { isTflite } from "../tflite/identifier.js";
import { ZipArchive } from "../zip/archive.js";
import { nameOfForeign, startsWith, textStart } from "./foreign-files.js";
import { recogniseProtobuf } from "./protobuf.js";

export type Format =
  | "safetensors"
  | "torch"
  | "onnx"
  | "keras"
  | "tfjs"
  | "tflite"
  | "nam"
  | "rtneural";

export interface Recognised {
  readonly format: Format;
  /** What a JSON file holds: a .nam of 10 MB is parsed once, not again by its reader. */
  readonly json: Place | null;
}

const EXPECTED =
  "a model: safetensors, PyTorch (.pt, .pth), ONNX, Keras (.keras, .h5), TensorFlow.js (model.json), TensorFlow Lite, .nam, or the JSON of GuitarML, AIDA-X or RTNeural";

const ZIP = [0x50, 0x4b]; // "PK"
const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]; // "\x89HDF\r\n\x1a\n"
/** The integer that torch.save's older form starts with, as a pickle has it. */
const LEGACY_TORCH = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8];

/** @throws FormatError that says what the file is instead, where that is known */
export function recognise(file: Uint8Array): Recognised {
  const binary = recogniseBinary(file);
  if (binary) return { format: binary, json: null };
  const other = nameOfForeign(file);
  if (other !== null) throw refusal(other);
  if (textStart(file).startsWith("{")) {
    const json = parseObject(file);
    return { format: recogniseJson(json), json };
  }
  if (textStart(file).startsWith("["))
    throw refusal("a JSON list; models are objects: { … }");
  const protobuf = recogniseProtobuf(file);
  if (protobuf === "onnx") return { format: protobuf, json: null };
  throw refusal(protobuf ?? described(file));
}

function recogniseBinary(file: Uint8Array): Format | null {
  if (isSafetensors(file)) return "safetensors";
  if (startsWith(file, ZIP)) return recogniseZip(file);
  if (isTflite(file)) return "tflite";
  if (isHdf5(file)) return "keras";
  return isLegacyTorch(file) ? "torch" : null;
}

function refusal(got: string): FormatError {
  return new FormatError(`expected ${EXPECTED}, got ${got}`, 0);
}

/** A header of JSON behind its length. A file that was cut short is one too: its reader says so. */
function isSafetensors(file: Uint8Array): boolean {
  if (file.length < 9 || file[8] !== 0x7b) return false;
  // 16 MB of header and more are nobody's; a text whose ninth letter is a brace has letters here
  return file.subarray(3, 8).every((byte) => byte === 0);
}

/** At the start, or behind a block of the user's own of 512 bytes, 1024, 2048 and so on. */
function isHdf5(file: Uint8Array): boolean {
  for (let at = 0; at < file.length; at = at === 0 ? 512 : at * 2)
    if (startsWith(file, HDF5, at)) return true;
  return false;
}

/** Behind the pickle's protocol, and from 4 on a frame. */
function isLegacyTorch(file: Uint8Array): boolean {
  if (file[0] !== 0x80) return false;
  return [2, 11].some((at) => startsWith(file, LEGACY_TORCH, at));
}

const EXPORTED = /(^|\/)(archive_format|serialized_exported_program\.json)$/;

function recogniseZip(file: Uint8Array): Format {
  const { names } = new ZipArchive(file, new Budget(0));
  if (names.some((name) => /^[^/]+\/data\.pkl$/.test(name))) return "torch";
  const weights = ["model.weights.h5", "model.weights.npz"];
  if (names.some((name) => name === "config.json" || weights.includes(name)))
    return "keras";
  if (names.some((name) => EXPORTED.test(name)))
    throw refusal(
      "a torch.export program (.pt2); use torch.save(model.state_dict(), file) or ONNX",
    );
  const has = (ending: string) => names.some((name) => name.endsWith(ending));
  if (has("saved_model.pb")) throw refusal("a zipped TensorFlow SavedModel");
  if (has(".npy"))
    throw refusal(
      "NumPy arrays (.npz), which have no layers; parse reads the arrays",
    );
  const some = names
    .slice(0, 4)
    .map((name) => JSON.stringify(name.slice(0, 60)));
  throw refusal(`a zip file of ${some.join(", ") || "nothing"}`);
}

function recogniseJson(json: Place): Format {
  const has = (name: string) => field(json, name) !== undefined;
  if (has("weightsManifest") || has("modelTopology")) return "tfjs";
  if (has("architecture") || has("model_data")) return "nam";
  if (has("layers") || isStateDict(json) || isSmartAmpPro(json))
    return "rtneural";
  if (has("class_name"))
    throw refusal("the architecture of a Keras model, without its weights");
  if (has("weight_map"))
    throw refusal(
      "the index of a model in several files; load the files themselves",
    );
  const names = Object.keys(json.fields).slice(0, 5);
  const some = names.map((name) => JSON.stringify(name.slice(0, 60)));
  throw refusal(`JSON of ${some.join(", ") || "nothing"}`);
}

function described(file: Uint8Array): string {
  if (!file.length) return "0 bytes";
  const start = Array.from(file.subarray(0, 8), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return `a file that starts with ${start.join(" ")}`;
}
