/*
 * The maximum or mean of windows, or of a whole sequence.
 */
import { sizesText } from "./flow.js";
import { field } from "../../json.js";
import { flag } from "../config.js";
import {
  axesOf,
  featuresSecond,
  lengthsAfter,
  paddingOf,
  requireFeaturesLast,
  sizesOf,
  type Window,
  windowAttributes,
} from "./convolution.js";
import { only, placed } from "./only.js";
import type { Prepare } from "./translation.js";

/** MaxPooling1D, AveragePooling2D and so on. Means do not count padding. */
export const pooling: Prepare = (layer) => {
  const { config, className } = layer;
  const axes = axesOf(className);
  requireFeaturesLast(layer);
  const kernel = sizesOf(config, "pool_size", axes);
  const window: Window = {
    kernel,
    strides: sizesOf(config, "strides", axes, kernel),
    dilations: kernel.map(() => 1),
    padding: paddingOf(config),
  };
  const type = className.startsWith("Max") ? "MaxPool" : "AveragePool";
  return (given, { emit }) => {
    const x = only(layer, given);
    if (x.rank !== axes + 2)
      throw placed(
        layer,
        `expected [B, ${axes > 1 ? "H, W" : "T"}, features], got ${sizesText(x.sizes)}`,
      );
    const y = featuresSecond(x, emit, (channelsFirst) => {
      const [batch, features, ...space] = channelsFirst.sizes;
      const sizes = [
        batch ?? null,
        features ?? null,
        ...lengthsAfter(space, window),
      ];
      return emit.node(type, [channelsFirst], windowAttributes(window), sizes);
    });
    return [y];
  };
};

/** Over all steps; a mean only over the steps that are not masked. */
export const globalPooling: Prepare = (layer) => {
  const { config, className } = layer;
  const axes = axesOf(className);
  const keep = flag(config, "keepdims", false);
  const first =
    (field(config, "data_format") ?? "channels_last") === "channels_first";
  return (given, { emit }) => {
    const x = only(layer, given);
    if (x.rank !== axes + 2)
      throw placed(
        layer,
        `expected [B, ${axes > 1 ? "H, W" : "T"}, features], got ${sizesText(x.sizes)}`,
      );
    const over = Array.from({ length: axes }, (_, i) => i + (first ? 2 : 1));
    if (className.startsWith("GlobalMax"))
      return [emit.reduce("ReduceMax", x, over, keep)];
    if (!x.mask || axes > 1) return [emit.reduce("ReduceMean", x, over, keep)];
    if (first)
      throw placed(layer, "expected no mask with channels_first, got one");
    const counts = emit.unsqueeze(emit.cast(x.mask, "float32"), 2);
    const [sum, count] = [emit.binary("Mul", x, counts), counts].map((flow) =>
      emit.reduce("ReduceSum", flow, over, keep),
    ) as [typeof x, typeof x];
    return [emit.binary("Div", sum, count)];
  };
};
