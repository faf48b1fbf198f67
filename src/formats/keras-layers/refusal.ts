/*
 * The error for unsupported layers, which names all of them and suggests ONNX.
 */
import { isRecord } from "../../checks.js";
import { field } from "../json.js";
import { type LayerConfig, placeOf, readLayer } from "./config.js";
import type { Producer } from "./producer.js";
import { isModel, readTopology, type Topology } from "./topology.js";
import { prepareFor } from "./translate/layers.js";

/** The maximum number of layers that the error names. */
const MAX_NAMED = 20;

/** The error text about unsupported layers, including those of inner models; null if there are none. */
export function unknownLayers(
  topology: Topology,
  producer: Producer,
): { readonly why: string; readonly place: string } | null {
  const [first, ...more] = unknownIn(topology, 0);
  if (!first) return null;
  const rest = more
    .slice(0, MAX_NAMED)
    .map(({ name, className }) =>
      placeOf(className, name).replace(/^layer /, ""),
    );
  const also = rest.length ? ` (also unsupported: ${rest.join(", ")})` : "";
  return {
    why:
      `expected a supported layer, got ${whatOf(first)}${also}; ` +
      `export the model as ONNX instead, in Python: ${exportLine(producer)}`,
    place: placeOf(first.className, first.name),
  };
}

function whatOf({ className }: LayerConfig): string {
  if (className === "Lambda") return "Python code, which is never run";
  return className.includes(".")
    ? "a custom one, whose code is not in the file"
    : "another one";
}

/** The Python line with which the author of the model exports it. */
export const exportLine = ({ major }: Producer): string =>
  major === 3
    ? 'model.export("model.onnx", format="onnx")'
    : 'import tf2onnx; tf2onnx.convert.from_keras(model, output_path="model.onnx")';

/** More nested models than anybody has. */
const MAX_DEPTH = 16;

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
  if (depth > MAX_DEPTH || operation) return [layer];
  if (isModel(className)) {
    const fields = { class_name: className, config: config.fields };
    return unknownIn(readTopology({ at: config.at, fields }), depth + 1);
  }
  const inner = field(config, "layer");
  if (className !== "TimeDistributed" || !isRecord(inner)) return [layer];
  const read = readLayer({ at: `${config.at}.layer`, fields: inner });
  return unknownLayer({ ...read, name: layer.name }, false, depth + 1);
}
