/**
 * What was measured, as the tables of docs/precision.md.
 *
 * @typedef {{ float32: number, int8: number }} Bytes of saved files
 *
 * @typedef {object} Task
 * @property {string} task
 * @property {string} figure
 * @property {"relative" | "decibels" | "count" | "number"} kind how it is told
 * @property {number} [of] of counts
 * @property {number} [float32] absent where the figure is a difference from it
 * @property {number} int8
 * @property {number} fast
 * @property {Bytes} [bytes]
 * @property {string[]} [timed] names in `speed`; times of several are added
 *
 * @typedef {object} Results
 * @property {Record<string, string>} host
 * @property {Task[]} tasks
 * @property {import("./models.mjs").Whole[]} models
 * @property {string[]} unchanged files in which nothing is rounded
 * @property {string[]} refused files that are no model by themselves
 * @property {{ node: string, times: Record<string, Record<string, number>> }[]} speed milliseconds of a pass, by file, or task, and precision
 */
import { measuredOn } from "../lib/host.mjs";
import { table } from "../lib/markdown.mjs";
import { digits, kB } from "../lib/text.mjs";

/** The files of ../shared that somebody trained. @type {Record<string, string>} */
const TRAINED = {
  "silero_vad_16k_op15.onnx": "voice activity: Silero",
  "gtcrn_simple.onnx": "denoising: GTCRN",
  "dtln_model_1.onnx": "denoising: DTLN 1, spectra → mask",
  "dtln_model_1.tflite": "the same, TensorFlow Lite",
  "dtln_model_2.onnx": "denoising: DTLN 2, frames → frames",
  "dtln_model_quant_2.tflite": "the same, integers in the file",
  "mnist_trained_lstm.tflite": "recognition: MNIST, LSTM",
  "mnist_trained_lstm_int8.tflite": "the same, integers in the file",
  "nnsplit_en.onnx": "text: nnsplit",
  "quant_sentinel_lstm.onnx": "forecasting: quant_sentinel",
  "fairtalk_model_01.onnx": "forecasting: FairTalk",
  "unitree_h1_motion.pt": "control: Unitree H1's policy",
};

/** @param {Results} results */
export function tables({ host, tasks, models, unchanged, refused, speed }) {
  const trained = Object.keys(TRAINED).flatMap(
    (file) => models.find((each) => each.file === file) ?? [],
  );
  const others = models.filter((each) => !trained.includes(each));
  const nodes = speed.map(
    ({ node }) => `Node ${node.replace(/^v(\d+).*/, "$1")}`,
  );
  const columns = ["int8", "int8-fast", "file", ...nodes];
  return [
    `${measuredOn(host)}. Errors are the same on every machine; how many times as fast as float32 a pass is, in int8 and in int8-fast, is indicative: the best of several, in turns.`,
    table(
      ["task", "figure", "float32", ...columns],
      tasks.map((own) => [
        own.task,
        own.figure,
        own.float32 === undefined ? "" : valueOf(own, own.float32),
        valueOf(own, own.int8),
        valueOf(own, own.fast),
        own.bytes ? file(own.bytes) : "",
        ...speed.map(({ times }) => ratios(times, own.timed ?? [])),
      ]),
    ),
    "Outputs of whole models beside float32's, on the inputs of their reference cases: the root of the mean square of the errors beside that of the outputs, and in brackets the largest error beside the largest output.",
    table(
      ["whole models", ...columns],
      trained.map((own) => [
        TRAINED[own.file] ?? own.file,
        ...cells(own, speed),
      ]),
    ),
    table(
      ["small ones, with random weights", ...columns],
      others.map((own) => [own.file, ...cells(own, speed)]),
    ),
    unchanged.length ? `Nothing is rounded in ${unchanged.join(", ")}.` : "",
    refused.length
      ? `Not loaded, since they are no model by themselves: ${refused.join(", ")}.`
      : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** @param {Task} task @param {number} value */
function valueOf({ kind, float32, of }, value) {
  const isOther = float32 !== undefined && value !== float32;
  switch (kind) {
    case "relative":
      return float32 === undefined || value === float32
        ? value.toPrecision(5)
        : `${value.toPrecision(5)} (${signed((value / float32 - 1) * 100, 2)} %)`;
    case "decibels":
      return isOther
        ? `${value.toFixed(2)} dB (${signed(value - float32, 2)})`
        : `${value.toFixed(2)} dB`;
    case "count":
      return `${value} of ${of}`;
    case "number":
      return value.toPrecision(2);
  }
}

/** @param {number} value @param {number} places */
const signed = (value, places) =>
  `${value < 0 ? "" : "+"}${value.toFixed(places)}`;

/** @param {number} value */
const share = (value) => `${Number((100 * value).toPrecision(2))} %`;

/** @param {number} bytes */
const size = (bytes) =>
  bytes < 1e6 ? kB(bytes) : `${(bytes / 1e6).toFixed(2)} MB`;

/** @param {Bytes} bytes */
const file = ({ float32, int8 }) =>
  `${size(float32)} → ${size(int8)}, ${digits(float32 / int8)} ×`;

/** @param {import("./models.mjs").Whole} whole @param {Results["speed"]} speed */
function cells({ file: name, errors, bytes }, speed) {
  const far = /** @type {const} */ (["int8", "int8-fast"]).map((precision) => {
    const { rms, largest } = errors[precision];
    return `${share(rms)} (${share(largest)})`;
  });
  return [
    ...far,
    file(bytes),
    ...speed.map(({ times }) => ratios(times, [name])),
  ];
}

/** @param {Results["speed"][number]["times"]} times @param {readonly string[]} names */
function ratios(times, names) {
  const [float32 = NaN, ...others] = ["float32", "int8", "int8-fast"].map(
    (precision) =>
      names.reduce((sum, name) => sum + (times[name]?.[precision] ?? NaN), 0),
  );
  return names.length
    ? `${others.map((own) => digits(float32 / own)).join(", ")} ×`
    : "";
}
