/*
 * TimeDistributed: a layer at each step. Layers that only treat features already do so; for others the steps become rows:
 * [B, T, …] → [B · T, …] → [B, T, …].
 */
import { object } from "../../json.js";
import { type LayerConfig, readLayer } from "../config.js";
import { IDENTITIES } from "../non-recurrent.js";
import type { LayerWeights } from "../weights.js";
import { type Emitter, type Flow, sizesText } from "./flow.js";
import { only, placed } from "./only.js";
import type { Prepare } from "./translation.js";

/** The weights of the wrapped layer. */
function insideOf(weights: LayerWeights): LayerWeights {
  return {
    take: ({ path, index }, role, ordinal) =>
      weights.take({ path: ["layer", ...path], index }, role, ordinal),
    finish: () => weights.finish(),
  };
}

const STEPWISE: readonly string[] = [
  "Dense",
  "Activation",
  "ReLU",
  "LeakyReLU",
  "ELU",
  "ThresholdedReLU",
  ...IDENTITIES,
];

export const timeDistributed =
  (prepare: (layer: LayerConfig) => Prepare): Prepare =>
  (layer, weights, translation, inside) => {
    const read = readLayer(object(layer.config, "layer"));
    const inner = { ...read, name: layer.name };
    const deeper = (path: readonly string[]) => inside(["layer", ...path]);
    const apply = prepare(read)(inner, insideOf(weights), translation, deeper);
    return (given, context) => {
      const { emit } = context;
      const x = only(layer, given);
      if (x.rank < 3)
        throw placed(
          layer,
          `expected a sequence [B, T, …], got ${sizesText(x.sizes)}`,
        );
      if (STEPWISE.includes(read.className))
        return apply(given, context).map((y) => y.with(x.mask));
      const rows = asRows(x, emit, layer);
      const outputs = apply(
        { ...given, inputs: [rows], args: [rows] },
        context,
      );
      return outputs.map((y) => asSteps(y, x, emit, layer).with(x.mask));
    };
  };

function asRows(x: Flow, emit: Emitter, layer: LayerConfig): Flow {
  const rest = x.sizes.slice(2);
  if (rest.includes(null))
    throw placed(
      layer,
      `expected known sizes behind the steps, got ${sizesText(x.sizes)}`,
    );
  return emit.reshape(x, [-1, ...(rest as number[])], [null, ...rest]);
}

function asSteps(y: Flow, x: Flow, emit: Emitter, layer: LayerConfig): Flow {
  const [batch = null, steps = null] = x.sizes;
  const rest = y.sizes.slice(1);
  if (rest.includes(null))
    throw placed(
      layer,
      `expected known sizes behind the steps, got ${sizesText(y.sizes)}`,
    );
  const sizes = [batch, steps, ...rest];
  if (steps !== null)
    return emit.reshape(y, [-1, steps, ...(rest as number[])], sizes);
  // the number of steps is only known in a run
  const { builder, name } = emit;
  const [start, end, axes] = [[0], [2], [0]].map((list) =>
    builder.integers(list),
  ) as [string, string, string];
  const shape = builder.add("Shape", [x.value], {}, { name });
  const front = builder.add("Slice", [shape, start, end, axes], {}, { name });
  const back = builder.integers(rest as number[]);
  const target = rest.length
    ? builder.add("Concat", [front, back], { axis: 0 }, { name })
    : front;
  const value = builder.add("Reshape", [y.value, target], {}, { name });
  return y.renamed(value, sizes);
}
