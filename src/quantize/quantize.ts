import { message, oneOf, record, wrong } from "../checks.js";
import type { Layer } from "../layers/layer.js";
import type { Precision } from "../layers/options.js";
import { Sequential } from "../models/sequential.js";
import type { TensorLike } from "../tensor.js";
import { bytesOf, canQuantize, inPrecision } from "./layers.js";
import { centre, inputMeans, type Means } from "./means.js";
import { deviation, outputsOf, timing } from "./measure.js";
import { type LayerReport, type QuantizeReport, reportText } from "./report.js";

/** How a model is quantised, and on which data that is judged. */
export interface QuantizeOptions {
  /**
   * 'int8', the default: weights of 8 bits, activations of 16, exact sums; 'int8-fast': activations of 7 bits, faster
   * where the processor multiplies bytes. Both have the same bits on every backend and machine.
   */
  precision?: "int8" | "int8-fast";
  /**
   * Inputs as the model takes them, the user's own. Biases are then moved by what rounding adds to the sums on average,
   * which is most of the error where cells remember for long, and the report says what quantizing costs on these inputs.
   */
  calibrate?: Iterable<TensorLike>;
  /** Layers that stay in float32, by their places in the model: ["0"]. */
  keep?: readonly string[];
}

const OPTIONS = {
  precision: 0,
  calibrate: 0,
  keep: 0,
} satisfies Record<keyof QuantizeOptions, 0>;

/**
 * A model of the same layers, the matrices of RNN, LSTM, GRU, Linear and Conv1d as int8; `model` stays as it is. What is made runs,
 * streams, is saved and loaded as any other.
 *
 * @throws TypeError, RangeError that name the argument
 */
export function quantize(
  model: Sequential,
  options: QuantizeOptions = {},
): { model: Sequential; report: QuantizeReport } {
  if (!(model instanceof Sequential))
    throw wrong(
      false,
      "model",
      "a Sequential (a Graph is loaded with the option precision)",
      model,
    );
  const given = record(options, "options", OPTIONS);
  const precision = oneOf(given["precision"] ?? "int8", "precision", [
    "int8",
    "int8-fast",
  ] as const);
  const data = checkData(given["calibrate"]);
  const chosen = placesOf(model, given["keep"] ?? []);
  const means = inputMeans(model, data);
  const layers = model.layers.map((layer, place) => {
    if (!chosen.has(place)) return layer;
    const rounded = inPrecision(layer, precision, {});
    centre(rounded, layer, means[place] as Means);
    return rounded;
  });
  const quantized = withLayers(model, layers);
  const report = reportOf(model, quantized, precision, data);
  return { model: quantized, report };
}

/** The places of layers that become integers. */
function placesOf({ layers }: Sequential, keep: unknown): ReadonlySet<number> {
  if (!Array.isArray(keep)) throw wrong(false, "keep", "a list of names", keep);
  for (const name of keep as unknown[]) {
    if (layers.some((_, place) => name === String(place))) continue;
    const expected = `places of layers, "0" to "${layers.length - 1}"`;
    throw wrong(typeof name === "string", "keep", expected, name);
  }
  const places = layers.flatMap((layer, place) =>
    canQuantize(layer) && !keep.includes(String(place)) ? [place] : [],
  );
  if (places.length) return new Set(places);
  const expected = "a layer with matrices that is not kept in float32";
  throw new RangeError(message("model", expected, layers.join(", ")));
}

function checkData(given: unknown): TensorLike[] {
  if (given === undefined) return [];
  // not a typed array, which is one sequence of numbers and no list of them
  const iterable =
    typeof given === "object" && given !== null && !ArrayBuffer.isView(given)
      ? (given as Partial<Iterable<TensorLike>>)[Symbol.iterator]
      : undefined;
  if (typeof iterable !== "function")
    throw wrong(
      false,
      "calibrate",
      "inputs of the model, as an array or another iterable",
      given,
    );
  const data = Array.from(given as Iterable<TensorLike>);
  if (data.length) return data;
  throw new RangeError(message("calibrate", "at least one input", "none"));
}

function reportOf(
  model: Sequential,
  quantized: Sequential,
  precision: Precision,
  data: readonly TensorLike[],
): QuantizeReport {
  const expected = outputsOf(model, data);
  const layers = quantized.layers.map((layer, place): LayerReport => {
    const before = model.layers[place] as Layer;
    const measured = data.length > 0 && layer !== before;
    return {
      name: String(place),
      layer: layer.toString(),
      precision: layer.precision,
      bytes: { before: bytesOf(before), after: bytesOf(layer) },
      error: measured ? ownError(model, layer, place, data) : null,
      sensitivity: measured
        ? deviation(outputsOf(withLayer(model, layer, place), data), expected)
        : null,
    };
  });
  const [first] = data;
  const sum = (of: (layer: LayerReport) => number) =>
    layers.reduce((all, layer) => all + of(layer), 0);
  const report = {
    precision,
    layers,
    output: data.length
      ? deviation(outputsOf(quantized, data), expected)
      : null,
    bytes: {
      before: sum(({ bytes }) => bytes.before),
      after: sum(({ bytes }) => bytes.after),
    },
    time: first === undefined ? null : timing(model, quantized, first),
    suggestKeep: toKeep(model, layers),
  };
  return { ...report, toString: () => reportText(report) };
}

/** The model with one layer in the place of another. */
function withLayer(model: Sequential, layer: Layer, place: number): Sequential {
  const layers = model.layers.map((each, at) => (at === place ? layer : each));
  return withLayers(model, layers);
}

const withLayers = (
  { skip, names }: Sequential,
  layers: readonly Layer[],
): Sequential => new Sequential(layers, { skip, names });

/** Of a layer's outputs, with the layers in front as they were. */
function ownError(
  { layers }: Sequential,
  layer: Layer,
  place: number,
  data: readonly TensorLike[],
) {
  const before = layers.slice(0, place);
  const own = layers[place] as Layer;
  const expected = outputsOf(new Sequential([...before, own]), data);
  return deviation(
    outputsOf(new Sequential([...before, layer]), data),
    expected,
  );
}

/** What makes more than so much of the output's squared error … */
const ERROR_SHARE = 0.5;
/** … with less than so much of the work is better left as it is. */
const WORK_SHARE = 0.25;

/** The fewest layers, most sensitive first, that make most of the error, as long as they are little of the work. */
function toKeep(
  { layers }: Sequential,
  reports: readonly LayerReport[],
): string[] {
  const square = ({ sensitivity }: LayerReport) => (sensitivity?.rms ?? 0) ** 2;
  const work = ({ name }: LayerReport) =>
    (layers[Number(name)] as Layer).multiplications;
  const all = reports.filter(({ sensitivity }) => sensitivity);
  const total = all.reduce((sum, layer) => sum + square(layer), 0);
  const totalWork = all.reduce((sum, layer) => sum + work(layer), 0);
  const kept: string[] = [];
  let error = 0;
  let done = 0;
  for (const layer of all.sort((a, b) => square(b) - square(a))) {
    if (!(error <= ERROR_SHARE * total) || total === 0) break;
    error += square(layer);
    done += work(layer);
    kept.push(layer.name);
  }
  return done < WORK_SHARE * totalWork && kept.length < all.length ? kept : [];
}
