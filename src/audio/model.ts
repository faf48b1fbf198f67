import { isMarkup, toBytes } from "../bytes.js";
import { wrong } from "../checks.js";
import { FormatError } from "../errors.js";
import { load } from "../formats/onnx/index.js";
import { isTflite } from "../formats/tflite/identifier.js";
import { isSaved, loadGraph } from "../graph/index.js";
import { Sequential } from "../models/sequential.js";
import { type FrameModel, isModel } from "../signal/frame-model.js";

/** A model, or the bytes of an ONNX file or of a model's `save`. */
export type AudioModel = FrameModel | Uint8Array | ArrayBuffer;

/** @throws TypeError unless it is a model or bytes, FormatError for bytes of another format */
export function modelOf(model: unknown, name = "model"): FrameModel {
  if (isModel(model)) return model;
  const kind = Object.prototype.toString.call(model).slice(8, -1);
  if (kind !== "Uint8Array" && kind !== "ArrayBuffer")
    throw wrong(false, name, "a model, or the bytes of one", model);
  const bytes = toBytes(model, name);
  if (!bytes.length)
    throw new FormatError(`${name}: expected the bytes of a model, got none`);
  if (isMarkup(bytes))
    throw new FormatError(
      `${name}: expected the bytes of a model, got a page of HTML: is the address right?`,
    );
  if (isSaved(bytes)) return loadGraph(bytes);
  if (isSafetensors(bytes)) return Sequential.load(bytes);
  if (isTflite(bytes))
    throw new FormatError(
      `${name}: expected a model, ONNX or what save wrote, got a .tflite file: pass the model that load of gatewise/tflite returns`,
    );
  return load(bytes).model;
}

/** Checks for a header of less than 4 GB, and its first character. */
const isSafetensors = (bytes: Uint8Array): boolean =>
  bytes[4] === 0 && bytes[5] === 0 && bytes[8] === 0x7b;
