/** A model of a file in each precision. */
import { load } from "gatewise/load";
import { quantize } from "gatewise/quantize";
import { parse } from "gatewise/safetensors";

/**
 * @typedef {import("../lib/conformance.mjs").Case} Case
 * @typedef {import("../lib/conformance.mjs").AnyModel} AnyModel
 * @typedef {"int8" | "int8-fast"} Rounded
 * @typedef {"float32" | Rounded} Precision
 */

/** What is compared with float32. */
export const ROUNDED = /** @type {const} */ (["int8", "int8-fast"]);

/**
 * As a user has it: ONNX and TensorFlow Lite keep the integers of a file where they are loaded so; of other files, layers
 * and graphs are rounded.
 *
 * @param {Case} own @param {Precision} precision
 * @returns {AnyModel}
 */
export function inPrecision({ bytes, file, options }, precision) {
  if (file.endsWith(".onnx"))
    return load(bytes, { ...options, precision }).model;
  if (file.endsWith(".tflite"))
    return load(bytes, { ...options, precision, dequantize: true }).model;
  const { model } = load(bytes, options);
  if (precision === "float32") return model;
  return quantize(model, { precision }).model;
}

/** Whether a saved model has a matrix of integers. @param {Uint8Array} saved */
export const hasIntegers = (saved) =>
  Object.values(parse(saved).tensors).some((tensor) => "integers" in tensor);

/** @template T @param {(precision: Precision) => T} make */
export const inEach = (make) =>
  /** @type {const} */ ({
    float32: make("float32"),
    int8: make("int8"),
    fast: make("int8-fast"),
  });

/** @param {Precision} precision @returns {"float32" | "int8" | "fast"} */
export const keyOf = (precision) =>
  precision === "int8-fast" ? "fast" : precision;
