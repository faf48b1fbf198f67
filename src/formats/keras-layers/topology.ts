/*
 * The layers of a model and their calls, for all versions of Keras. A Sequential becomes a row of calls.
 */
import { isRecord } from "../../checks.js";
import { FormatError } from "../../errors.js";
import {
  field,
  inside,
  list,
  object,
  objects,
  type Place,
  text,
  unexpected,
} from "../json.js";
import { type LayerConfig, numbered, readLayer, snakeCase } from "./config.js";
import { type Arguments, readCalls, Reference, reference } from "./inbound.js";

export interface TopologyLayer {
  readonly layer: LayerConfig;
  /** Where Keras 3 saves its weights: its class in snake case, made unique. */
  readonly saved: string;
  /** Whether it is a function of Keras or TensorFlow listed among the layers. */
  readonly operation: boolean;
  readonly calls: readonly Arguments[];
}

/** An input or output of the model. */
export interface End {
  readonly name: string;
  readonly tensor: Reference;
}

export interface Topology {
  /** In the order of the config. */
  readonly layers: ReadonlyMap<string, TopologyLayer>;
  readonly inputs: readonly End[];
  readonly outputs: readonly End[];
}

/** @param model { class_name, config } of a Sequential or a functional model */
export function readTopology(model: Place): Topology {
  const className = text(model, "class_name");
  if (className === "Sequential") return sequential(model);
  if (isModel(className)) return functional(object(model, "config"));
  throw unexpected(
    "a Sequential or a functional model, whose layers are in the file",
    className,
    inside(model, "class_name"),
  );
}

/** Whether layers of this class are models themselves. */
export const isModel = (className: string): boolean =>
  ["Sequential", "Functional", "Model"].includes(className);

function sequential(model: Place): Topology {
  // before Keras 2.2.3 the config was the list
  const places = Array.isArray(field(model, "config"))
    ? objects(model, "config")
    : objects(object(model, "config"), "layers");
  const read = named(places.map(readLayer));
  const first = read[0];
  if (!first)
    throw unexpected("at least one layer", [], inside(model, "config"));
  const hasInput = first.className === "InputLayer";
  return rowOf(hasInput ? read : [inputFor(first, model), ...read], read);
}

/**
 * A row of layers, for readers of other files with Keras's layers.
 *
 * @param shape of the input, with the batch
 */
export function sequenceOf(
  layers: readonly LayerConfig[],
  shape: readonly unknown[],
): Topology {
  const config = { at: "", fields: { batch_shape: shape } };
  const input = { className: "InputLayer", name: "input", config };
  const row = rowOf([input, ...layers], layers);
  const outputs = row.outputs.map(({ tensor }) => ({ name: "output", tensor }));
  return { ...row, outputs };
}

/** @param numberedLayers those layers of the row that Keras numbers by class */
function rowOf(
  row: readonly LayerConfig[],
  numberedLayers: readonly LayerConfig[],
): Topology {
  const saved = savedNames(numberedLayers);
  const layers = new Map<string, TopologyLayer>();
  row.forEach((layer, i) => {
    const before = row[i - 1];
    const args = before ? [new Reference(before.name, 0, 0)] : [];
    layers.set(layer.name, {
      layer,
      saved: saved.get(layer.name) ?? "",
      operation: false,
      calls: [{ args, keywords: new Map() }],
    });
  });
  const end = (layer: LayerConfig | undefined): End => {
    const { name } = layer as LayerConfig;
    return { name, tensor: new Reference(name, 0, 0) };
  };
  return { layers, inputs: [end(row[0])], outputs: [end(row.at(-1))] };
}

/** The InputLayer that Keras puts before a first layer that knows its input shape. */
function inputFor(first: LayerConfig, model: Place): LayerConfig {
  const { config, name } = first;
  const own =
    field(config, "batch_shape") ?? field(config, "batch_input_shape");
  const whole = field(model, "config");
  const built = isRecord(whole) ? whole["build_input_shape"] : undefined;
  const fields = {
    batch_shape: own ?? built,
    dtype: field(config, "input_dtype") ?? "float32",
  };
  return {
    className: "InputLayer",
    name: `${name}_input`,
    config: { at: config.at, fields },
  };
}

/** The layers with unique names; those without get one. */
function named(layers: readonly LayerConfig[]): LayerConfig[] {
  const names = new Set<string>();
  return layers.map((layer, i) => {
    const name = layer.name || `layer ${i}`;
    if (names.has(name))
      throw new FormatError(
        `expected unique names, got two layers ${JSON.stringify(name.slice(0, 100))}`,
        "layers",
      );
    names.add(name);
    return { ...layer, name };
  });
}

function savedNames(layers: readonly LayerConfig[]): Map<string, string> {
  const saved = numbered(layers.map(({ className }) => snakeCase(className)));
  return new Map(layers.map(({ name }, i) => [name, saved[i] as string]));
}

function functional(config: Place): Topology {
  const places = objects(config, "layers");
  const names = places.map((place) => {
    const name = field(place, "name");
    if (typeof name === "string") return name;
    throw unexpected("a name of its own", name, inside(place, "name"));
  });
  const read = named(
    places.map((place, i) => ({
      ...(isOperation(place) ? readOperation(place) : readLayer(place)),
      name: names[i] as string,
    })),
  );
  // functions are not numbered
  const saved = savedNames(read.filter((_, i) => !isOperation(places[i]!)));
  const layers = new Map(
    read.map((layer, i): [string, TopologyLayer] => {
      const place = places[i] as Place;
      const own =
        layer.className === "InputLayer" ? [NOTHING] : readCalls(place);
      return [
        layer.name,
        {
          layer,
          saved: saved.get(layer.name) ?? "",
          operation: isOperation(place),
          calls: own,
        },
      ];
    }),
  );
  return {
    layers,
    inputs: ends(config, "input_layers"),
    outputs: ends(config, "output_layers"),
  };
}

const NOTHING: Arguments = { args: [], keywords: new Map() };

/** Keras 3 lists functions such as NotEqual among the layers, TensorFlow 2 those of its own as TFOpLambda. */
function isOperation(place: Place): boolean {
  const module = field(place, "module");
  return typeof module === "string" && /^keras(\.src)?\.ops\./.test(module);
}

function readOperation(place: Place): LayerConfig {
  const config = field(place, "config");
  const fields = isRecord(config) ? config : {};
  return {
    className: text(place, "class_name"),
    name: "",
    config: { at: inside(place, "config"), fields },
  };
}

/** [name, call, output], or a list or an object of these. */
function ends(config: Place, name: string): End[] {
  const at = inside(config, name);
  const given = field(config, name);
  const listed = isRecord(given) ? Object.values(given) : list(config, name);
  const each = typeof listed[0] === "string" ? [listed] : listed;
  const used = new Set<string>();
  return each.map((value, i) => {
    const tensor = reference(value);
    if (!tensor) throw unexpected("[name, node, tensor]", value, `${at}[${i}]`);
    const { layer, output } = tensor;
    let own = output ? `${layer}:${output}` : layer;
    while (used.has(own)) own += "'";
    used.add(own);
    return { name: own, tensor };
  });
}
