/*
 * The arrays of a file, whatever of the formats it has.
 */
import { toBytes } from "../../bytes.js";
import { boolean, isRecord, record } from "../../checks.js";
import { budgetFor } from "../budget.js";
import { parse as parseKeras } from "../keras/index.js";
import { parseAmp } from "../nam/parse.js";
import { isNpy, readNpy } from "../numpy/npy.js";
import { isNpz, readNpz } from "../numpy/npz.js";
import { parse as parseOnnx } from "../onnx/parse.js";
import type { ParsedTensors } from "../parsed.js";
import { parseLists } from "../rtneural/parse.js";
import { readTensors } from "../safetensors/load.js";
import { parse as parseTfjs } from "../tfjs/parse.js";
import { parse as parseTflite } from "../tflite/parse.js";
import { parse as parseTorch, type TorchOptions } from "../torch/index.js";
import { parseObject, type Place } from "../json.js";
import { modelAmong } from "./model-among.js";
import type { Files } from "./readers.js";
import { type Format, recognise } from "./recognise.js";

/** Limits, and where in a PyTorch checkpoint the weights are. */
export type ParseOptions = TorchOptions;

const OPTIONS: Record<keyof ParseOptions, 0> = {
  stateDict: 0,
  maxBytes: 0,
  checksums: 0,
};

interface Given {
  readonly bytes: Uint8Array;
  readonly files: Files;
  readonly json: Place | null;
}

type Limits = Pick<TorchOptions, "maxBytes" | "checksums">;

const limitsOf = ({ maxBytes, checksums }: ParseOptions): Limits => ({
  ...(maxBytes !== undefined && { maxBytes }),
  ...(checksums !== undefined && { checksums }),
});

const PARSERS: Readonly<
  Record<Format, (given: Given, options: ParseOptions) => ParsedTensors>
> = {
  safetensors: ({ bytes }) => readTensors(bytes),
  torch: ({ bytes }, options) => parseTorch(bytes, options),
  onnx: ({ bytes, files }, { maxBytes }) =>
    parseOnnx(bytes, { files, ...(maxBytes !== undefined && { maxBytes }) }),
  keras: ({ bytes }, options) => parseKeras(bytes, limitsOf(options)),
  tfjs: ({ bytes, files }, { maxBytes }) =>
    parseTfjs(
      { ...files, "model.json": bytes },
      maxBytes === undefined ? {} : { maxBytes },
    ),
  tflite: ({ bytes }, { maxBytes }) =>
    parseTflite(bytes, maxBytes === undefined ? {} : { maxBytes }),
  nam: ({ bytes, json }) => parseAmp(json ?? bytes),
  rtneural: ({ bytes, json }) => parseLists(json ?? parseObject(bytes)),
};

/**
 * The arrays of floats in a file by their names there, whatever its model and whether it can be made: a state dict's,
 * the initializers of ONNX, the datasets of HDF5, the lists of a JSON model. NumPy's .npz and .npy too, the array of an
 * .npy by the name "array".
 *
 * @param file as `load` takes it; several files by their names for formats that have several
 * @throws FormatError, which names the place, for a file that is damaged or of no known format; TypeError, RangeError
 *   for the arguments
 */
export function parse(
  file: Uint8Array | ArrayBuffer | Files,
  options: ParseOptions = {},
): ParsedTensors {
  record(options, "options", OPTIONS);
  if (isRecord(file)) {
    const { format, ...found } = modelAmong(file as Files);
    return common(PARSERS[format]({ ...found, files: file as Files }, options));
  }
  const bytes = toBytes(file, "file");
  if (isNpy(bytes) || isNpz(bytes)) return arraysOf(bytes, options);
  const { format, json } = recognise(bytes);
  return common(PARSERS[format]({ bytes, files: {}, json }, options));
}

/** What all formats have: a reader's further fields are those of its own entry. */
const common = ({ tensors, metadata, ignored }: ParsedTensors) => ({
  tensors,
  metadata,
  ignored,
});

function arraysOf(bytes: Uint8Array, options: Limits): ParsedTensors {
  const budget = budgetFor(options.maxBytes, bytes.length);
  const checksums = boolean(options.checksums ?? true, "checksums");
  const arrays = isNpy(bytes)
    ? [["array", readNpy(bytes)] as const]
    : readNpz(bytes, budget, checksums);
  return { tensors: Object.fromEntries(arrays), metadata: {}, ignored: [] };
}
