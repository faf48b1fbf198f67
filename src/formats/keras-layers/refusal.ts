/*
 * Layers that nothing here knows: all of them are named at once, with the way out.
 */
import { isRecord } from "../../checks.js";
import { field } from "../json.js";
import { type LayerConfig, placeOf, readLayer } from "./config.js";
import type { Producer } from "./producer.js";
import { isModel, readTopology, type Topology } from "./topology.js";
import { prepareFor } from "./translate/layers.js";

/** Of a model's layers, those that are named. */
const MOST = 20;

/** The layers that are not known, those of models inside too, as an error says it; null where all are. */
export function unknownLayers(
  topology: Topology,
  producer: Producer,
): { readonly why: string; readonly place: string } | null {
  const [first, ...others] = unknownIn(topology, 0);
  if (!first) return null;
  const rest = others
    .slice(0, MOST)
    .map(({ name, className }) =>
      placeOf(className, name).replace(/^layer /, ""),
    );
  const nor = rest.length ? ` (nor is ${rest.join(", ")})` : "";
  return {
    why:
      `expected a layer that is known here, got ${whatOf(first)}${nor}; ` +
      `the model as ONNX can be read, in Python: ${exportLine(producer)}`,
    place: placeOf(first.className, first.name),
  };
}

function whatOf({ className }: LayerConfig): string {
  if (className === "Lambda") return "Python code, which is never run";
  return className.includes(".")
    ? "one of the file's author, whose code is not in the file"
    : "another one";
}

/** What the author of the model runs. */
export const exportLine = ({ major }: Producer): string =>
  major === 3
    ? 'model.export("model.onnx", format="onnx")'
    : 'import tf2onnx; tf2onnx.convert.from_keras(model, output_path="model.onnx")';

/** Models in models, which no author has more of. */
const DEEPEST = 16;

function unknownIn({ layers }: Topology, depth: number): LayerConfig[] {
  return [...layers.values()].flatMap(({ layer, operation }) =>
    unknownLayer(layer, operation, depth),
  );
}

function unknownLayer(
  layer: LayerConfig,
  operation: boolean,
  depth: number,
): LayerConfig[] {
  const { className, config } = layer;
  if (className === "InputLayer" || prepareFor(layer, operation)) return [];
  if (depth > DEEPEST || operation) return [layer];
  if (isModel(className)) {
    const fields = { class_name: className, config: config.fields };
    return unknownIn(readTopology({ at: config.at, fields }), depth + 1);
  }
  const inner = field(config, "layer");
  if (className !== "TimeDistributed" || !isRecord(inner)) return [layer];
  const read = readLayer({ at: `${config.at}.layer`, fields: inner });
  return unknownLayer({ ...read, name: layer.name }, false, depth + 1);
}
