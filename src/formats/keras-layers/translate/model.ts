/*
 * Translates a Keras model into a graph: its calls in an order in which each comes after its inputs.
 */
import { isRecord, counted } from "../../../checks.js";
import { FormatError } from "../../../errors.js";
import {
  compile,
  DescriptionBuilder,
  type Dtype,
  Graph,
} from "../../../graph/index.js";
import { field, valueText } from "../../json.js";
import { type LayerConfig, placeOf } from "../config.js";
import { type Arguments, callName, Reference } from "../inbound.js";
import {
  isModel,
  readTopology,
  type Topology,
  type TopologyLayer,
} from "../topology.js";
import { isRecurrent } from "../recurrent.js";
import type { WeightSource } from "../weights.js";
import { Emitter, Flow, type Sizes } from "./flow.js";
import { prepareFor } from "./layers.js";
import { kerasOperations } from "./operations.js";
import { isLambda } from "./operators.js";
import { inOrder } from "./order.js";
import {
  type Apply,
  flowsIn,
  type Prepare,
  type Translation,
} from "./translation.js";
import { timeDistributed } from "./wrappers.js";

/** The graph of the model, whose inputs and outputs have the names of their layers. */
export function translate(
  topology: Topology,
  source: WeightSource,
  context: Omit<Translation, "emit">,
): Graph {
  const builder = new DescriptionBuilder();
  const translation = { ...context, emit: new Emitter(builder) };
  const inputs = topology.inputs.map(({ name, tensor }) => {
    const found = topology.layers.get(tensor.layer);
    if (found?.layer.className === "InputLayer")
      return inputOf(found.layer, name, builder);
    throw new FormatError(
      `expected an InputLayer, got ${found ? found.layer.className.slice(0, 100) : "none"}`,
      `layer ${JSON.stringify(name.slice(0, 100))}`,
    );
  });
  const outputs = run(topology, source, inputs, translation);
  outputs.forEach((flow, i) => {
    const name = topology.outputs[i]?.name as string;
    const shape = named(flow.sizes);
    builder.output(flow.value, { name, shape, type: flow.dtype });
  });
  const { backend } = context;
  return new Graph(
    compile(builder.description(), kerasOperations(), { backend }),
  );
}

const named = (sizes: Sizes): (number | string)[] =>
  sizes.map((size, axis) => size ?? (axis ? "?" : "batch"));

function inputOf(
  { config, name: layerName }: LayerConfig,
  name: string,
  builder: DescriptionBuilder,
): Flow {
  const shape =
    field(config, "batch_shape") ?? field(config, "batch_input_shape");
  const right = (n: unknown) =>
    n === null || (Number.isSafeInteger(n) && (n as number) >= 0);
  if (
    !Array.isArray(shape) ||
    !shape.length ||
    shape.length > 8 ||
    !shape.every(right)
  )
    throw new FormatError(
      `expected the shape of its input in the config, got ${valueText(shape)}; call the model once before it is saved`,
      placeOf("InputLayer", layerName),
    );
  const [, ...sizes] = shape as (number | null)[];
  const stated = field(config, "dtype");
  const dtype: Dtype = /^(u?int|bool)/.test(String(stated))
    ? "int64"
    : "float32";
  const all = [null, ...sizes];
  return new Flow(builder.input(name, named(all), dtype), all, dtype);
}

/** The outputs for the given inputs. */
function run(
  { layers, inputs, outputs }: Topology,
  source: WeightSource,
  given: readonly Flow[],
  translation: Translation,
  prepared = new Map<string, Apply>(),
): Flow[] {
  const results = new Map<string, readonly Flow[]>();
  inputs.forEach(({ tensor }, i) => {
    results.set(tensor.from, [given[i] as Flow]);
  });
  for (const { layer, index, call } of inOrder(layers)) {
    const name = callName(layer.layer.name, index);
    if (results.has(name)) continue;
    if (layer.layer.className === "InputLayer")
      throw new FormatError(
        `expected it among input_layers, got ${counted(inputs.length, "other")}`,
        placeOf("InputLayer", layer.layer.name),
      );
    let apply = prepared.get(layer.layer.name);
    if (!apply) {
      apply = prepareOne(layer, source, translation);
      prepared.set(layer.layer.name, apply);
    }
    results.set(name, applied(layer, apply, call, results, translation));
  }
  return outputs.map(({ tensor }) => found(tensor, results));
}

function applied(
  { layer, operation }: TopologyLayer,
  apply: Apply,
  { args, keywords }: Arguments,
  results: ReadonlyMap<string, readonly Flow[]>,
  translation: Translation,
): readonly Flow[] {
  const resolve = (value: unknown): unknown => {
    if (value instanceof Reference) return found(value, results);
    return Array.isArray(value) ? value.map(resolve) : value;
  };
  const named = new Map(
    [...keywords].map(([name, value]) => [name, resolve(value)]),
  );
  if (!operation && !isLambda(layer)) checkKeywords(layer, named);
  // Keras 3 writes add(a, b) with two arguments, Keras 2 a list of two
  const given = args.map(resolve);
  const wrapped = !operation && isMerging(layer) && !Array.isArray(given[0]);
  const [first, ...more] = wrapped ? [given] : given;
  const inputs = flowsIn([first]);
  translation.emit.name = layer.name;
  const [mask] = flowsIn(named.get("mask") ?? null);
  const own =
    mask && inputs.length === 1 ? [masked(inputs, mask, layer)] : inputs;
  return apply(
    { inputs: own, args: [first, ...more], keywords: named },
    translation,
  );
}

/** Keras 3's keyword `mask`, which only repeats the mask that the tensor has. */
function masked([x]: readonly Flow[], mask: Flow, layer: LayerConfig): Flow {
  if (mask.dtype === "bool" && x) return x.with(mask);
  throw new FormatError(
    `expected a mask of truth values, got ${mask.dtype}`,
    placeOf(layer.className, layer.name),
  );
}

/** Keywords that may be tensors; for functions all may. */
const TENSORS: readonly string[] = [
  "mask",
  "initial_state",
  "value",
  "key",
  "attention_mask",
];

function checkKeywords(
  { className, name }: LayerConfig,
  keywords: ReadonlyMap<string, unknown>,
): void {
  const attends = className === "MultiHeadAttention";
  const known = TENSORS.slice(0, attends ? 5 : isRecurrent(className) ? 2 : 1);
  for (const [keyword, value] of keywords)
    if (flowsIn(value).length && !known.includes(keyword))
      throw new FormatError(
        `expected no tensor as keyword ${JSON.stringify(keyword.slice(0, 60))}, got one`,
        placeOf(className, name),
      );
}

/** Layers whose arguments are one list. */
const isMerging = ({ className }: LayerConfig): boolean =>
  /^(Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot)$/.test(
    className,
  );

function found(
  tensor: Reference,
  results: ReadonlyMap<string, readonly Flow[]>,
): Flow {
  const flow = results.get(tensor.from)?.[tensor.output];
  if (flow) return flow;
  throw new FormatError(
    `expected an output ${tensor.output} of its call ${tensor.call}, got ${counted(results.get(tensor.from)?.length ?? 0, "output")}`,
    `layer ${JSON.stringify(tensor.layer.slice(0, 100))}`,
  );
}

function prepareOne(
  { layer, saved, operation }: TopologyLayer,
  source: WeightSource,
  translation: Translation,
): Apply {
  translation.emit.name = layer.name;
  const weights = source.of(layer, saved);
  const inside = (path: readonly string[]) => source.inside(layer, saved, path);
  const prepare = prepareAny(layer, operation);
  const apply = prepare(layer, weights, translation, inside);
  // a model reads its weights when it is first translated
  if (!hasModel(layer)) weights.finish();
  return apply;
}

/** Whether a layer is a model, or runs one at each step. */
function hasModel({ className, config }: LayerConfig): boolean {
  const inner = field(config, "layer");
  const own = isRecord(inner) ? inner["class_name"] : null;
  return isModel(className) || (typeof own === "string" && isModel(own));
}

function prepareAny(layer: LayerConfig, operation = false): Prepare {
  if (isModel(layer.className)) return nested;
  if (layer.className === "TimeDistributed")
    return timeDistributed((inner) => prepareAny(inner));
  const prepare = prepareFor(layer, operation);
  if (prepare) return prepare;
  throw new FormatError(
    `expected a known layer, got ${layer.className.slice(0, 100)}`,
    placeOf(layer.className, layer.name),
  );
}

/** A nested model: its layers, with the given inputs. */
const nested: Prepare = ({ className, name, config }, _, __, inside) => {
  const fields = { class_name: className, config: config.fields };
  const topology = readTopology({
    at: config.at.replace(/\.config$/, ""),
    fields,
  });
  const source = inside([]);
  const prepared = new Map<string, Apply>();
  return ({ inputs }, context) => {
    if (inputs.length !== topology.inputs.length)
      throw new FormatError(
        `expected ${topology.inputs.length} inputs, got ${inputs.length}`,
        placeOf(className, name),
      );
    return run(topology, source, inputs, context, prepared);
  };
};
