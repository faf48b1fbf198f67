/*
 * MultiHeadAttention: for each head the scores q · k / √key_dim, between projections. Scores of masked steps get -1e9, as
 * in Keras.
 */
import type { Tensor } from "../../../tensor.js";
import { field, valueText } from "../../json.js";
import { flag, type LayerConfig } from "../config.js";
import { checkShape } from "../weights.js";
import { type Emitter, type Flow, sizesText } from "./flow.js";
import { placed } from "./only.js";
import { hide, isCausal, later } from "./scores.js";
import { flowsIn, type Given, type Prepare } from "./translation.js";

/** A matrix and its bias, with the number and size of heads, or for the output projection the sizes that it merges. */
interface Projection {
  readonly kernel: Tensor;
  readonly offset: Tensor | null;
  readonly rows: number;
  readonly columns: number;
  readonly heads: readonly number[];
}

export const multiHeadAttention: Prepare = (layer, weights, { layers }) => {
  const { config, name, className } = layer;
  const axes = field(config, "attention_axes") ?? null;
  if (axes !== null && JSON.stringify(axes) !== "[1]" && axes !== 1)
    throw placed(
      layer,
      `expected attention over the steps, axis 1, got ${valueText(axes)}`,
    );
  const bias = flag(config, "use_bias", true);
  const projections = ["query", "key", "value", "output"].map(
    (part, index): Projection => {
      const at = { path: [`${part}_dense`], index };
      const kernel = weights.take(at, "kernel", 0);
      const [a, b, c] = checkShape(
        kernel,
        [null, null, null],
        "three axes",
      ) as [number, number, number];
      // the first three are [inputs, heads, size], the last is [heads, size, outputs]
      const last = part === "output";
      const [rows, columns] = last ? [a * b, c] : [a, b * c];
      const offset = bias ? weights.take(at, "bias", 1) : null;
      if (offset) checkShape(offset, last ? [c] : [b, c], "its bias");
      const heads = last ? [a, b] : [b, c];
      return { kernel, offset, rows, columns, heads };
    },
  );
  const [first, , , last] = projections as [
    Projection,
    Projection,
    Projection,
    Projection,
  ];
  const [, size] = first.heads as [number, number];
  layers.push({
    name,
    type: className,
    sizes: { heads: first.heads[0] as number, key_dim: size },
    convention: "scores over √key_dim",
  });
  return (given, { emit }) => {
    const { keywords } = given;
    const named = (key: string) => flowsIn(keywords.get(key) ?? null)[0];
    const [query, second, third] = [
      ...given.inputs,
      ...flowsIn(given.args.slice(1)),
    ];
    const value = second ?? named("value");
    const key = third ?? named("key") ?? value;
    if (!query || !value || !key || query.rank !== 3 || value.rank !== 3)
      throw placed(
        layer,
        `expected a query and a value [B, T, features], got ${[query, value].map((x) => (x ? sizesText(x.sizes) : "none")).join(" and ")}`,
      );
    if (keywords.get("return_attention_scores") === true)
      throw placed(layer, "expected return_attention_scores false, got true");
    const project = (x: Flow, index: number): Flow => {
      const { kernel, offset, rows, columns } = projections[
        index
      ] as Projection;
      if (x.sizes.at(-1) !== rows && x.sizes.at(-1) !== null)
        throw placed(layer, `expected ${rows} features, got ${x.sizes.at(-1)}`);
      const shape = [rows, columns];
      const y = emit.matmul(
        x,
        emit.constant({ shape, data: kernel.data }, shape),
      );
      if (!offset) return y;
      const wide = { shape: [columns], data: offset.data };
      return emit.binary("Add", y, emit.constant(wide, [columns]));
    };
    /** [B, T, heads · size] → [B, heads, T, size] */
    const split = (x: Flow, index: number): Flow => {
      const [count, size] = (projections[index] as Projection).heads as [
        number,
        number,
      ];
      const [batch = null, steps = null] = x.sizes;
      const four = emit.reshape(
        x,
        [0, 0, count, size],
        [batch, steps, count, size],
      );
      return emit.transpose(four, [0, 2, 1, 3]);
    };
    const q = emit.binary(
      "Mul",
      split(project(query, 0), 0),
      emit.scalar(1 / Math.sqrt(size)),
    );
    const k = split(project(key, 1), 1);
    const v = split(project(value, 2), 2);
    const scores = hide(
      emit.matmul(q, emit.transpose(k, [0, 1, 3, 2])),
      hiddenIn(layer, given, query, value, key, emit),
      emit,
    );
    const shares = emit.unary("Softmax", scores, { axis: -1 });
    const together = emit.transpose(emit.matmul(shares, v), [0, 2, 1, 3]);
    const [batch = null, steps = null] = query.sizes;
    const flat = emit.reshape(
      together,
      [0, 0, last.rows],
      [batch, steps, last.rows],
    );
    return [project(flat, 3).with(query.mask)];
  };
};

/** Masks [B, heads, Tq, Tv], with size 1 for axes that broadcast; true for steps that are hidden. */
function hiddenIn(
  layer: LayerConfig,
  given: Given,
  query: Flow,
  value: Flow,
  key: Flow,
  emit: Emitter,
): Flow[] {
  const hidden: Flow[] = [];
  // a masked step of the query gets the mean of all values, as in Keras
  if (query.mask)
    hidden.push(emit.unsqueeze(emit.unsqueeze(emit.not(query.mask), 1), 3));
  const ofValue = value.mask ? [value.mask] : [];
  const ofKey = key.mask && key.mask !== value.mask ? [key.mask] : [];
  for (const mask of [...ofValue, ...ofKey])
    hidden.push(emit.unsqueeze(emit.unsqueeze(emit.not(mask), 1), 1));
  if (isCausal(layer, given)) hidden.push(later(layer, query, value, emit));
  const [own] = flowsIn(given.keywords.get("attention_mask") ?? null);
  if (own) {
    const truth =
      own.dtype === "bool" ? own : emit.not(emit.equal(own, emit.scalar(0)));
    const wide = truth.rank === 3 ? emit.unsqueeze(truth, 1) : truth;
    hidden.push(emit.not(wide));
  }
  return hidden;
}
