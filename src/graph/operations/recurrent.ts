/*
 * RNN, LSTM and GRU nodes: a layer of ours each, made at load when its weights are known then.
 */
import { RECURRENT_KINDS } from "../../layers/cells.js";
import { type Direction, DIRECTIONS } from "../../layers/options.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import type { Value } from "../value.js";
import {
  type ActivationChoice,
  type ActivationName,
  activationsOf,
  areAll,
} from "./activations.js";
import { type AnyLayer, Builder, type Features } from "./layer.js";
import { Frames } from "./frames.js";
import { runLayer } from "./sequences.js";
import type { RecurrentType, Weights } from "./weights.js";

/** Inputs by their places. */
const LENGTHS = 4;
const INITIAL_H = 5;
const INITIAL_C = 6;
const WEIGHTS = [
  [1, "W"],
  [2, "R"],
  [3, "B"],
  [7, "P"],
] as const;

/** ONNX's are those of the layers. */
const defaultsOf = (type: RecurrentType) =>
  RECURRENT_KINDS[type].activations as readonly ActivationName[];

/** Beyond it, sigmoid and tanh of float32 no longer change: a clip that large is none. */
const SATURATED = 128;

function recurrent(type: RecurrentType): Compile {
  return (node) => {
    node.expectInputs(3, type === "LSTM" ? 8 : 6);
    const features = featuresOf(node, type);
    const hidden = node.int("hidden_size", 0);
    const builder = new Builder(node, type, features, hidden || null);
    node.owned.push(builder);
    const layout = node.int("layout", 0) === 1 ? "batch-first" : "time-first";
    const known = weightsOf(node, (input) => node.constant(input));
    let layer: AnyLayer | null = null;
    if (known) {
      const { W, R } = known;
      if (!node.setting.work.take(W.data.length + R.data.length))
        throw node.error(
          "expected weights that few nodes share, got the same ones again and again",
        );
      const made = builder.build(known);
      layer = made;
      node.owned.push(made);
      node.layers.push(made);
      node.runsAs = made;
      for (const [place, name] of WEIGHTS)
        if (known[name])
          node.absorb(place, () => builder.weightsOf(made)[name] as Value);
    }
    builder.describe(known, layout);
    const frames = layer && new Frames(node, layer, layout);
    const directions = features.direction === "bidirectional" ? 2 : 1;
    return (inputs) => {
      const weights = layer ? null : weightsOf(node, (i) => inputs[i] ?? null);
      const running = layer ?? builder.cached(weights as Weights);
      const cell = type === "LSTM" ? (inputs[INITIAL_C] ?? null) : null;
      const hidden = inputs[INITIAL_H] ?? null;
      const lengths = inputs[LENGTHS] ?? null;
      const kept =
        lengths || node.setting.shared.watch
          ? null
          : frames?.run(inputs[0] as Value, hidden, cell);
      if (kept) return kept;
      return runLayer(running, {
        node,
        layout,
        directions,
        input: inputs[0] as Value,
        lengths,
        hidden,
        cell,
      });
    };
  };
}

/** Null when one of those that the node has is not known yet. */
function weightsOf(
  node: Node,
  valueOf: (input: number) => Value | null,
): Weights | null {
  const places = WEIGHTS.map(([place]) => place);
  // an input 7 of an RNN or GRU has been refused by then
  const values = places.map((input) =>
    node.has(input) ? valueOf(input) : null,
  );
  if (places.some((input, i) => node.has(input) && !values[i])) return null;
  const [W, R, B, P] = values as [Value, Value, Value | null, Value | null];
  return { W, R, B, P };
}

/** What the attributes say, in the layers' words. */
function featuresOf(node: Node, type: RecurrentType): Features {
  const direction = node.string("direction", "forward").toLowerCase();
  if (!DIRECTIONS.includes(direction as Direction))
    throw node.error(
      `expected direction ${DIRECTIONS.join(", ")}, got ${JSON.stringify(direction)}`,
    );
  const directions = direction === "bidirectional" ? 2 : 1;
  const activations = activationsOf(node, defaultsOf(type), directions);
  return {
    direction: direction as Direction,
    ...activationFeatures(type, activations),
    ...clipFeature(node, activations),
    ...(type === "GRU" && { resetAfter: node.flag("linear_before_reset") }),
    ...(type === "LSTM" && node.flag("input_forget") && { coupledGates: true }),
  };
}

/** Nothing where they are the layer's own, which take its fastest path. */
function activationFeatures(
  type: RecurrentType,
  activations: readonly ActivationChoice[],
) {
  if (areAll(activations, defaultsOf(type))) return {};
  if (type === "RNN" && areAll(activations, ["relu"]))
    return { nonlinearity: "relu" as const };
  return { activations };
}

function clipFeature(node: Node, activations: readonly ActivationChoice[]) {
  const clip = node.float("clip", Infinity);
  if (clip === Infinity) return {};
  if (!(clip > 0))
    throw node.error(`expected a clip of more than 0, got ${clip}`);
  const saturate = activations.every(
    ({ name }) => name === "tanh" || name === "sigmoid",
  );
  if (!saturate || clip < SATURATED) return { clip };
  node.setting.notes.ignored.push(
    `${node.place}: clip ${clip}, which changes no sigmoid and no tanh`,
  );
  return {};
}

export const recurrents = (): Family => ({
  operations: {
    RNN: recurrent("RNN"),
    LSTM: recurrent("LSTM"),
    GRU: recurrent("GRU"),
  },
  outputs: { RNN: 2, GRU: 2, LSTM: 3 },
});
