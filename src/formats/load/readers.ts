/*
 * The readers by their formats, each with the options that it has: those of the others are not handed on.
 */
import type { Layer, Sequential } from "../../index.js";
import type { AudioCase } from "../audio.js";
import { load as loadKeras } from "../keras/index.js";
import type { KerasOptions } from "../keras/options.js";
import type { Place } from "../json.js";
import { type NamOptions, readAmp } from "../nam/read.js";
import { type Graph, isSaved, toSequential } from "../../graph/index.js";
import { load as loadOnnx, loadSaved, type OnnxOptions } from "../onnx/load.js";
import type { Report } from "../report.js";
import { isSmartAmpPro, readSmartAmpPro } from "../rtneural/smart-amp-pro.js";
import { readRTNeural } from "../rtneural/read.js";
import { load as loadSafetensors } from "../safetensors/index.js";
import type { ModelOptions } from "../state-dict.js";
import { load as loadTflite, type TfliteOptions } from "../tflite/load.js";
import { load as loadTfjs } from "../tfjs/index.js";
import { load as loadTorch, type TorchOptions } from "../torch/index.js";
import type { Format, Recognised } from "./recognise.js";

/** The options of all formats; those of the file's own count. */
export type LoadOptions = Partial<
  TorchOptions &
    ModelOptions &
    KerasOptions &
    NamOptions &
    OnnxOptions &
    TfliteOptions
>;

/** What `load` returns, whatever the format. */
export interface Loaded {
  /** A chain of layers, or a graph. */
  readonly model: Sequential | Graph;
  readonly report: Report;
  /** Of state dicts: all layers by their names. */
  readonly layers?: Record<string, Layer>;
  /** Of audio models: hertz that the model was trained at, null where the file does not say. */
  readonly sampleRate?: number | null;
  /** Of audio models: what the file carries to test itself with, for `verify`. */
  readonly cases?: readonly AudioCase[];
}

/** Files by their names. */
export type Files = Readonly<Record<string, Uint8Array | ArrayBuffer>>;

interface Reader {
  /**
   * @param files all that were given, for the formats that have several
   * @param json what the file holds, where it is JSON
   */
  readonly read: (
    bytes: Uint8Array,
    options: LoadOptions,
    files: Files,
    json: Place | null,
  ) => Loaded;
  readonly options: readonly (keyof LoadOptions)[];
}

/** A graph that is a chain of layers as one. */
const chained = ({
  model,
  report,
}: {
  model: Graph;
  report: Report;
}): Loaded => ({
  model: toSequential(model) ?? model,
  report,
});

const OF_STATE_DICTS = [
  "prefix",
  "chain",
  "layers",
  "nonlinearity",
  "backend",
] as const;

const READERS: Readonly<Record<Format, Reader>> = {
  safetensors: {
    read: (bytes, options) =>
      isSaved(bytes)
        ? loadSaved(bytes, options)
        : loadSafetensors(bytes, options),
    options: OF_STATE_DICTS,
  },
  torch: {
    read: loadTorch,
    options: [...OF_STATE_DICTS, "stateDict", "maxBytes", "checksums"],
  },
  onnx: {
    read: (bytes, options, files) =>
      chained(
        loadOnnx(bytes, { ...options, files: { ...files, ...options.files } }),
      ),
    options: [
      "backend",
      "precision",
      "forceLinearBeforeReset",
      "files",
      "maxBytes",
      "maxSteps",
    ],
  },
  keras: {
    read: loadKeras,
    options: ["config", "backend", "maxBytes", "checksums"],
  },
  tfjs: {
    read: (bytes, options, files) =>
      loadTfjs({ ...files, "model.json": bytes }, options),
    options: ["backend", "maxBytes"],
  },
  tflite: {
    read: (bytes, options) => chained(loadTflite(bytes, options)),
    options: [
      "backend",
      "precision",
      "dequantize",
      "signature",
      "maxBytes",
      "maxSteps",
    ],
  },
  nam: {
    read: (bytes, options, _, json) => readAmp(json ?? bytes, options),
    options: ["fastTanh", "backend"],
  },
  rtneural: {
    read: (bytes, options, _, json) =>
      json && isSmartAmpPro(json)
        ? readSmartAmpPro(json, bytes.length, options.backend)
        : readRTNeural(json ?? bytes, options),
    options: OF_STATE_DICTS,
  },
};

/** The names of all options. */
export const OPTIONS: Readonly<Record<string, true>> = Object.fromEntries(
  Object.values(READERS).flatMap(({ options }) =>
    options.map((name) => [name, true]),
  ),
);

/** Of `options`, which have been checked to be known, those of the format alone count. */
export function readAs(
  { format, json }: Recognised,
  bytes: Uint8Array,
  options: LoadOptions,
  files: Files,
): Loaded {
  const { read, options: own } = READERS[format];
  const given = Object.entries(options).filter(([name]) =>
    (own as readonly string[]).includes(name),
  );
  return read(bytes, Object.fromEntries(given), files, json);
}
