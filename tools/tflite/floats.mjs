// @ts-nocheck: see runner.mjs.

/* Models of floats, many operators each: a file a kind of operator. */
import { convolution } from "./floats/convolution.mjs";
import { dense, hybrid } from "./floats/dense.mjs";
import { elementwise } from "./floats/elementwise.mjs";
import { reducing } from "./floats/reducing.mjs";
import { shaping } from "./floats/shaping.mjs";

export const floats = {
  elementwise,
  shaping,
  reducing,
  convolution,
  dense,
  hybrid,
};
