/*
 * Models that can be a Sequential here: one chain of layers, each of which takes the output of the layer before.
 *
 * Masks are passed on implicitly. Keras 3 nevertheless has nodes for them (NotEqual, followed by Any after a Masking)
 * that lead to the keyword `mask`. They add nothing and are left out.
 */
import { isRecord } from "../../checks.js";
import { field, inside, type Place } from "../json.js";
import { hasOwnActivation, isActivationLayer } from "./activations.js";
import { flag, type LayerConfig } from "./config.js";
import { IDENTITIES } from "./non-recurrent.js";
import { isRecurrent } from "./recurrent.js";
import { allReferences } from "./inbound.js";
import type { Topology, TopologyLayer } from "./topology.js";

/** Convolutions over time that become a Conv1d, or two. */
export const CONVOLUTIONS: readonly string[] = [
  "Conv1D",
  "DepthwiseConv1D",
  "SeparableConv1D",
];

const MASK_OPERATIONS = ["NotEqual", "Any"];

/** The layers from the input to the output; null if they are not a chain, or one that a Sequential cannot run. */
export function chainOf(topology: Topology): TopologyLayer[] | null {
  const order = pathOf(topology);
  if (!order) return null;
  const fits = fitsInSequential();
  return order.every(({ layer }) => fits(layer)) ? order : null;
}

function pathOf({ layers, inputs, outputs }: Topology) {
  const [input, ...moreInputs] = inputs;
  const output = outputs.find(({ tensor }) => tensor.output === 0);
  const same = outputs.every(
    ({ tensor }) => tensor.layer === output?.tensor.layer,
  );
  if (!input || moreInputs.length || !output || !same) return null;
  const path: TopologyLayer[] = [];
  for (let { tensor } = output; ;) {
    const found = layers.get(tensor.layer);
    const [call, ...more] = found?.calls ?? [];
    if (!found || found.operation || !call || more.length) return null;
    // longer than this, the path has a cycle
    if (path.length === layers.size || tensor.output !== 0) return null;
    path.push(found);
    const [from, ...rest] = allReferences({ args: call.args, keywords: NONE });
    if (rest.length) return null;
    if (!from) break;
    tensor = from;
  }
  path.reverse();
  if (path[0]?.layer.name !== input.tensor.layer) return null;
  return restIsMasks(layers, path) ? path : null;
}

const NONE: ReadonlyMap<string, unknown> = new Map();

/** Whether everything outside the chain is a mask that is passed along it anyway. */
function restIsMasks(
  layers: Topology["layers"],
  path: readonly TopologyLayer[],
): boolean {
  const masked = new Set(
    path.filter((_, i) => masks(path[i + 1])).map(({ layer }) => layer.name),
  );
  const maskNames = new Set<string>();
  for (const each of layers.values()) {
    if (path.includes(each)) continue;
    const { layer, calls } = each;
    const [from, ...more] = calls.flatMap(allReferences);
    const before = from && layers.get(from.layer)?.layer.className;
    const known =
      MASK_OPERATIONS.includes(layer.className) &&
      from !== undefined &&
      !more.length &&
      (masked.has(from.layer) || before === "NotEqual");
    if (!known) return false;
    maskNames.add(layer.name);
  }
  return path.every(({ calls }) =>
    calls.every(({ keywords }) =>
      allReferences({ args: [], keywords }).every((mask) =>
        maskNames.has(mask.layer),
      ),
    ),
  );
}

function masks(each: TopologyLayer | undefined): boolean {
  if (each?.layer.className === "Masking") return true;
  if (each?.layer.className !== "Embedding") return false;
  return flag(each.layer.config, "mask_zero", false);
}

export const POOLINGS: readonly string[] = [
  "MaxPooling1D",
  "AveragePooling1D",
  "GlobalMaxPooling1D",
  "GlobalAveragePooling1D",
];

/** Returns a function to call with each layer in order, which tells whether a Sequential can have it there. */
function fitsInSequential(): (layer: LayerConfig) => boolean {
  let first = true;
  /** Of the current output, with the batch; null until a layer shows it. */
  let rank: number | null = null;
  let features = false;
  let masked = false;
  return ({ className, config }) => {
    if (className === "InputLayer") {
      rank = rankOf(config);
      return true;
    }
    if (IDENTITIES.includes(className)) return true;
    const alone = first;
    first = false;
    if (className === "Embedding") {
      rank = 3;
      masked = flag(config, "mask_zero", false);
      return (features = alone);
    }
    if (className === "Masking") return (masked = true);
    if (CONVOLUTIONS.includes(className)) {
      // in Keras, these do not pass a mask on
      const fits = !masked && rank !== 2 && isConvolution(config);
      rank ??= 3;
      features = true;
      return fits && rank === 3;
    }
    if (POOLINGS.includes(className)) {
      const format = field(config, "data_format") ?? "channels_last";
      const plain =
        format === "channels_last" && !flag(config, "keepdims", false);
      const fits = plain && features && !masked && rank === 3;
      if (className.startsWith("Global")) rank = 2;
      return fits;
    }
    if (className === "Flatten") return rank === 2 && features;
    if (isRecurrent(className)) {
      const inner = field(config, "layer");
      const own = isRecord(inner) ? inner["config"] : null;
      const run: Place = isRecord(own)
        ? { at: config.at, fields: own }
        : config;
      const fits = rank !== 2 && field(config, "merge_mode") !== null;
      rank = flag(run, "return_sequences", false) ? 3 : 2;
      features = true;
      return fits;
    }
    const small = rank === null || rank <= 3;
    if (className === "Dense")
      return small && hasOwnActivation(config) && (features = true);
    if (className === "TimeDistributed") {
      const fits = rank !== 2 && small && isStepwise(config);
      rank ??= 3;
      features = true;
      return fits;
    }
    const axis = axisOf(config);
    // if the rank is still unknown, there is no time axis
    const last = axis === -1 || axis === (rank ?? 2) - 1;
    if (className === "BatchNormalization") return features && small && last;
    if (className === "LayerNormalization") {
      const sized = ["scale", "center"].some((name) =>
        flag(config, name, true),
      );
      const fits = small && last && !flag(config, "rms_scaling", false);
      return fits && (features ||= sized);
    }
    if (!features || (className === "Softmax" && !last)) return false;
    return small && isActivationLayer(className, config);
  };
}

function rankOf(config: Place): number | null {
  for (const name of ["batch_shape", "batch_input_shape"]) {
    const shape = field(config, name);
    if (Array.isArray(shape)) return shape.length;
  }
  return null;
}

function axisOf(config: Place): unknown {
  const axis = field(config, "axis") ?? -1;
  return Array.isArray(axis) && axis.length === 1 ? (axis[0] as unknown) : axis;
}

/** Whether features come last, and our layers have its activation. */
function isConvolution(config: Place): boolean {
  const format = field(config, "data_format") ?? "channels_last";
  return format === "channels_last" && hasOwnActivation(config);
}

/** Whether our layers do what is in a TimeDistributed at each step anyway. */
function isStepwise(config: Place): boolean {
  const inner = field(config, "layer");
  if (!isRecord(inner)) return false;
  const className = inner["class_name"];
  if (typeof className !== "string") return false;
  if (IDENTITIES.includes(className)) return true;
  const own = isRecord(inner["config"]) ? inner["config"] : {};
  const place = { at: inside(config, "layer"), fields: own };
  if (className === "Dense") return hasOwnActivation(place);
  const last = className !== "Softmax" || axisOf(place) === -1;
  return last && isActivationLayer(className, place);
}
