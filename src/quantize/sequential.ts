import { message, wrong } from "../checks.js";
import type { Layer } from "../layers/layer.js";
import { Sequential } from "../models/sequential.js";
import type { TensorLike } from "../tensor.js";
import { bytesOf, canQuantize, inPrecision } from "./layers.js";
import { centre, inputMeans, type Means } from "./means.js";
import { deviation, outputsOf, timing } from "./measure.js";
import type { Chosen } from "./options.js";
import { type LayerReport, type QuantizeReport, reportOf } from "./report.js";

/** A model of the same layers, their matrices as integers. */
export function quantizeSequential(
  model: Sequential,
  { precision, data, keep }: Chosen<TensorLike>,
): { model: Sequential; report: QuantizeReport } {
  const chosen = placesOf(model, keep);
  const means = inputMeans(model, data);
  const layers = model.layers.map((layer, place) => {
    if (!chosen.has(place)) return layer;
    const rounded = inPrecision(layer, precision, {});
    centre(rounded, layer, means[place] as Means);
    return rounded;
  });
  const quantized = withLayers(model, layers);
  const reports = reportsOf(model, quantized, data);
  const [first] = data;
  const sum = (of: (layer: LayerReport) => number) =>
    reports.reduce((all, layer) => all + of(layer), 0);
  const report = reportOf({
    precision,
    layers: reports,
    output: data.length
      ? deviation(outputsOf(quantized, data), outputsOf(model, data))
      : null,
    bytes: {
      before: sum(({ bytes }) => bytes.before),
      after: sum(({ bytes }) => bytes.after),
    },
    time:
      first === undefined
        ? null
        : timing(
            () => model.forward(first),
            () => quantized.forward(first),
          ),
    work: ({ name }) => (model.layers[Number(name)] as Layer).multiplications,
  });
  return { model: quantized, report };
}

/** The places of layers that become integers. */
function placesOf(
  { layers }: Sequential,
  keep: readonly unknown[],
): ReadonlySet<number> {
  for (const name of keep) {
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

function reportsOf(
  model: Sequential,
  quantized: Sequential,
  data: readonly TensorLike[],
): LayerReport[] {
  const expected = outputsOf(model, data);
  return quantized.layers.map((layer, place): LayerReport => {
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
