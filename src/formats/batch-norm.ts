/*
 * BatchNorm1d of a trained model: every feature times a number, plus another.
 *
 *     y = (x - mean) / √(variance + ε) · weight + bias
 */
import { BatchNorm } from "../index.js";
import type { Tensor } from "../tensor.js";
import type { Module } from "./modules.js";

export interface Affine {
  readonly scale: Float64Array; // (size)
  readonly shift: Float64Array; // (size)
}

/** @param given epsilon, otherwise that of the file, otherwise the default of nn.BatchNorm1d */
export function affineOf(
  { parameters, settings }: Module,
  given: number | undefined,
): Affine {
  const epsilon = given ?? epsilonOf(settings);
  const numbers = (name: string) => parameters.get(name)?.data;
  const mean = numbers("running_mean") as Float32Array;
  const variance = numbers("running_var") as Float32Array;
  const scale = Float64Array.from(
    variance,
    (value, i) => (numbers("weight")?.[i] ?? 1) / Math.sqrt(value + epsilon),
  );
  const shift = scale.map(
    (value, i) => (numbers("bias")?.[i] ?? 0) - (mean[i] as number) * value,
  );
  return { scale, shift };
}

/** The default of nn.BatchNorm1d and nn.LayerNorm if the file does not say. */
export function epsilonOf(settings: Module["settings"]): number {
  const epsilon = settings.get("eps");
  return typeof epsilon === "number" ? epsilon : 1e-5;
}

/** The same as a layer. */
export function batchNormOf(
  { parameters, settings }: Module,
  given: number | undefined,
): BatchNorm {
  const { shape } = parameters.get("running_mean") as Tensor;
  const [size] = shape as [number];
  const ones = { shape, data: new Float32Array(size).fill(1) };
  const zeros = { shape, data: new Float32Array(size) };
  const dict = { weight: ones, bias: zeros, ...Object.fromEntries(parameters) };
  const epsilon = given ?? epsilonOf(settings);
  return new BatchNorm({ size, epsilon }).loadStateDict(dict);
}

/** Weights and biases that a module multiplies its input by. */
const PRODUCTS = [
  ["weight", "bias"],
  ["weight_ih", "bias_ih"],
  ["weight_ih_l0", "bias_ih_l0"],
  ["weight_ih_l0_reverse", "bias_ih_l0_reverse"],
] as const;

/**
 * The module with `affine` in front of it folded into its weights; null if it has none, or no bias. Not for convolutions:
 * the zeros that pad the sequence come after the shift, which must not apply to them.
 */
export function withAffine(
  { parameters, ...module }: Module,
  affine: Affine,
): Module | null {
  const own = PRODUCTS.filter(([weight]) => parameters.has(weight));
  const foldable = own.every(
    ([weight, bias]) =>
      parameters.get(weight)?.shape.length === 2 && parameters.has(bias),
  );
  if (!own.length || !foldable) return null;
  const changed = new Map(parameters);
  for (const [weightName, biasName] of own) {
    const weight = parameters.get(weightName) as Tensor; // (rows, size)
    const bias = parameters.get(biasName) as Tensor; // (rows)
    const size = affine.scale.length;
    changed.set(weightName, {
      shape: weight.shape,
      data: weight.data.map(
        (value, at) => value * (affine.scale[at % size] as number),
      ),
    });
    changed.set(biasName, {
      shape: bias.shape,
      data: bias.data.map((value, row) =>
        affine.shift.reduce(
          (sum, shift, i) =>
            sum + shift * (weight.data[row * size + i] as number),
          value,
        ),
      ),
    });
  }
  return { ...module, parameters: changed };
}
