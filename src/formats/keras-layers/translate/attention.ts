/*
 * Attention: for each step of a query, the mean of the value's steps, weighted by scores.
 *
 *     Attention             scores q · k, times `scale` if it has one; or Σ w tanh(q + k)
 *     AdditiveAttention     Σ scale tanh(q + k)
 *
 * Scores of masked values get -1e9, as in Keras; the outputs of masked steps of the query are 0.
 */
import { counted } from "../../../checks.js";
import { field, valueText } from "../../json.js";
import { flag, type LayerConfig } from "../config.js";
import { checkShape, ITSELF, type LayerWeights } from "../weights.js";
import type { Emitter, Flow } from "./flow.js";
import { placed } from "./only.js";
import { hide, isCausal, later } from "./scores.js";
import { flowsIn, type Given, type Prepare } from "./translation.js";

type Score = (query: Flow, key: Flow, emit: Emitter) => Flow;

export const attention: Prepare = (layer, weights, { layers }) => {
  const { config, name, className } = layer;
  const score = scoreOf(layer, weights);
  layers.push({
    name,
    type: className,
    sizes: {},
    convention: "over the value's steps",
  });
  return (given, { emit }) => {
    const [query, value, key = value] = given.inputs;
    if (!query || !value || !key || given.inputs.length > 3)
      throw placed(
        layer,
        `expected [query, value] or [query, value, key], got ${counted(given.inputs.length, "tensor")}`,
      );
    if (
      flag(
        { at: config.at, fields: Object.fromEntries(given.keywords) },
        "return_attention_scores",
        false,
      )
    )
      throw placed(layer, "expected return_attention_scores false, got true");
    const masks = masksOf(given);
    const [queryMask, valueMask] = masks ?? [query.mask, value.mask];
    const hidden = [
      ...(valueMask ? [emit.unsqueeze(emit.not(valueMask), 1)] : []),
      ...(isCausal(layer, given) ? [later(layer, query, value, emit)] : []),
    ];
    const scores = hide(score(query, key, emit), hidden, emit);
    const shares = emit.unary("Softmax", scores, { axis: -1 });
    const found = emit.matmul(shares, value);
    if (!queryMask) return [found];
    return [emit.masked(found, queryMask).with(queryMask)];
  };
};

/** Masks that are given by a call. */
function masksOf({ keywords }: Given): readonly (Flow | undefined)[] | null {
  const given = flowsIn(keywords.get("mask") ?? null);
  return given.length ? given : null;
}

function scoreOf(layer: LayerConfig, weights: LayerWeights): Score {
  const { config, className } = layer;
  const additive = className === "AdditiveAttention";
  const scaled = flag(config, "use_scale", additive);
  const scale = scaled ? weights.take(ITSELF, "scale", 0) : null;
  if (scale) checkShape(scale, additive ? [null] : [], "scale");
  const mode = field(config, "score_mode") ?? "dot";
  const constant = (emit: Emitter, weight: typeof scale) =>
    weight ? [emit.constant(weight, weight.shape)] : [];
  if (additive || mode === "concat") {
    const weight = additive
      ? scale
      : weights.take(ITSELF, "concat_score_weight", scale ? 1 : 0);
    return (query, key, emit) => {
      let sum = emit.binary(
        "Add",
        emit.unsqueeze(query, 2),
        emit.unsqueeze(key, 1),
      );
      if (!additive)
        for (const factor of constant(emit, scale))
          sum = emit.binary("Mul", sum, factor);
      let parts = emit.unary("Tanh", sum);
      for (const factor of constant(emit, weight))
        parts = emit.binary("Mul", parts, factor);
      return emit.reduce("ReduceSum", parts, [3]);
    };
  }
  if (mode !== "dot")
    throw placed(
      layer,
      `expected score_mode dot or concat, got ${valueText(mode)}`,
    );
  return (query, key, emit) => {
    let scores = emit.matmul(query, emit.transpose(key, [0, 2, 1]));
    for (const factor of constant(emit, scale))
      scores = emit.binary("Mul", scores, factor);
    return scores;
  };
}
