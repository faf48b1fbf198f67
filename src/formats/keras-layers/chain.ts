/*
 * The layers of a model in the order in which they follow each other.
 */
import { FormatError } from "../../errors.js";
import {
  field,
  object,
  objects,
  type Place,
  text,
  unexpected,
} from "../json.js";
import { type LayerConfig, numbered, readLayer, snakeCase } from "./config.js";
import { chainOf } from "./graph.js";

export interface ChainLayer {
  readonly layer: LayerConfig;
  /** Where Keras 3 saves its weights: its class in snake case, made unique. */
  readonly saved: string;
}

/** @param model { class_name, config } of a Sequential or a functional model */
export function readChain(model: Place): ChainLayer[] {
  const className = text(model, "class_name");
  if (className === "Sequential") {
    // before Keras 2.2.3 the config was the list
    const list = Array.isArray(field(model, "config"))
      ? objects(model, "config")
      : objects(object(model, "config"), "layers");
    return withSaved(list.map(readLayer));
  }
  if (className === "Functional" || className === "Model")
    return functional(object(model, "config"));
  throw unexpected(
    "a Sequential or a functional model, whose layers are in the file",
    className,
    model.at ? `${model.at}.class_name` : "class_name",
  );
}

function functional(config: Place): ChainLayer[] {
  const places = objects(config, "layers");
  const order = chainOf(config, places);
  // operations that are no layers are not among those that are numbered
  const layers = places.filter((place) => !isOperation(place)).map(readLayer);
  const saved = new Map(
    withSaved(layers).map((each) => [each.layer.name, each]),
  );
  return order.map((name) => {
    const found = saved.get(name);
    if (found) return found;
    throw new FormatError(
      "expected a layer, got an operation",
      JSON.stringify(name.slice(0, 100)),
    );
  });
}

/** Keras 3 lists functions such as NotEqual among the layers. */
function isOperation(place: Place): boolean {
  const module = field(place, "module");
  return typeof module === "string" && /^keras(\.src)?\.ops\./.test(module);
}

function withSaved(layers: readonly LayerConfig[]): ChainLayer[] {
  const names = new Set<string>();
  for (const { name } of layers) {
    if (name && names.has(name))
      throw new FormatError(
        `expected names that differ, got two layers ${JSON.stringify(name.slice(0, 100))}`,
        "layers",
      );
    names.add(name);
  }
  const saved = numbered(layers.map(({ className }) => snakeCase(className)));
  return layers.map((layer, i) => ({ layer, saved: saved[i] as string }));
}
