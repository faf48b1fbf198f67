/*
 * The tensors of a Keras model, as values of the graph. Each has its shape, as far as it is known, on which the meaning of
 * layers may depend, and its mask.
 */
import { shapeText } from "../../../checks.js";
import { FormatError } from "../../../errors.js";
import type { Dtype, DescriptionBuilder } from "../../../graph/index.js";
import type { TensorLike } from "../../../tensor.js";

/** The sizes of the axes, the batch first; null for a size that only a run determines. */
export type Sizes = readonly (number | null)[];

export class Flow {
  /** The name of the value in the graph. */
  readonly value: string;
  readonly sizes: Sizes;
  readonly dtype: Dtype;
  /** The name of a mask [B, T] of the steps that count; null if all do. */
  readonly mask: Flow | null;

  constructor(
    value: string,
    sizes: Sizes,
    dtype: Dtype = "float32",
    mask: Flow | null = null,
  ) {
    this.value = value;
    this.sizes = sizes;
    this.dtype = dtype;
    this.mask = mask;
  }

  get rank(): number {
    return this.sizes.length;
  }

  /** A value of the same kind of numbers, computed from this one. */
  renamed(value: string, sizes: Sizes): Flow {
    return new Flow(value, sizes, this.dtype);
  }

  with(mask: Flow | null): Flow {
    return new Flow(this.value, this.sizes, this.dtype, mask);
  }
}

/** The number of features, which must be known. */
export function featuresOf({ sizes }: Flow, place: string): number {
  const size = sizes.at(-1);
  if (typeof size === "number") return size;
  throw new FormatError(
    `expected a known number of features, got ${sizesText(sizes)}`,
    place,
  );
}

export const sizesText = (sizes: Sizes): string =>
  shapeText(sizes.map((size) => size ?? "?"));

/** An axis counted from the front; null if there is no such axis. */
export function axisIn(axis: unknown, rank: number): number | null {
  if (!Number.isSafeInteger(axis)) return null;
  const at = (axis as number) < 0 ? (axis as number) + rank : (axis as number);
  return at >= 0 && at < rank ? at : null;
}

type Attributes = Parameters<DescriptionBuilder["add"]>[2];

/** Adds nodes, and computes the sizes of their outputs. The outputs have no mask: layers decide on it. */
export class Emitter {
  readonly builder: DescriptionBuilder;
  /** The name of the current layer. */
  name = "";

  constructor(builder: DescriptionBuilder) {
    this.builder = builder;
  }

  constant(value: TensorLike, sizes: Sizes): Flow {
    const name = `${this.name}/constant`;
    const own = this.builder.constant(value, name);
    return new Flow(own, sizes);
  }

  scalar(value: number): Flow {
    const data = Float32Array.of(value);
    return this.constant({ shape: [], data }, []);
  }

  /** Truth values: 0 and 1. */
  truths(data: Float64Array, shape: readonly number[]): Flow {
    const value = this.builder.constant({ dtype: "bool", shape, data });
    return new Flow(value, shape, "bool");
  }

  node(
    type: string,
    inputs: readonly Flow[],
    attributes: Attributes,
    sizes: Sizes,
    dtype: Dtype = "float32",
  ): Flow {
    const value = this.builder.add(
      type,
      inputs.map((input) => input.value),
      attributes,
      { name: this.name },
    );
    return new Flow(value, sizes, dtype);
  }

  /** f of each number. */
  unary(type: string, x: Flow, attributes: Attributes = {}): Flow {
    return this.node(type, [x], attributes, x.sizes, x.dtype);
  }

  /** With NumPy's broadcasting. */
  binary(type: string, a: Flow, b: Flow, dtype: Dtype = a.dtype): Flow {
    return this.node(type, [a, b], {}, broadcast(a.sizes, b.sizes), dtype);
  }

  cast(x: Flow, dtype: Dtype): Flow {
    if (x.dtype === dtype) return x;
    return this.node("Cast", [x], { to: dtype }, x.sizes, dtype);
  }

  /** @param target 0 keeps an axis, -1 is the rest */
  reshape(x: Flow, target: readonly number[], sizes: Sizes): Flow {
    const shape = this.builder.integers(target);
    const value = this.builder.add(
      "Reshape",
      [x.value, shape],
      {},
      { name: this.name },
    );
    return new Flow(value, sizes, x.dtype);
  }

  transpose(x: Flow, perm: readonly number[]): Flow {
    const sizes = perm.map((axis) => x.sizes[axis] ?? null);
    return this.node("Transpose", [x], { perm }, sizes, x.dtype);
  }

  unsqueeze(x: Flow, axis: number): Flow {
    const at = axis < 0 ? axis + x.sizes.length + 1 : axis;
    const sizes = [...x.sizes.slice(0, at), 1, ...x.sizes.slice(at)];
    return this.node("Unsqueeze", [x], { axes: [at] }, sizes, x.dtype);
  }

  squeeze(x: Flow, axis: number): Flow {
    const at = axis < 0 ? axis + x.sizes.length : axis;
    const sizes = x.sizes.filter((_, i) => i !== at);
    return this.node("Squeeze", [x], { axes: [at] }, sizes, x.dtype);
  }

  concat(parts: readonly Flow[], axis: number): Flow {
    const [first] = parts as [Flow];
    const along = parts.map(({ sizes }) => sizes[axis] ?? null);
    const size = along.includes(null)
      ? null
      : along.reduce<number>((sum, n) => sum + (n as number), 0);
    const sizes = first.sizes.map((n, i) =>
      i === axis
        ? size
        : (n ?? parts.find((part) => part.sizes[i] !== null)?.sizes[i] ?? null),
    );
    return this.node("Concat", parts, { axis }, sizes, first.dtype);
  }

  /** Python's x[start:end:step] along one axis. */
  slice(x: Flow, axis: number, start: number, end: number, step = 1): Flow {
    const lists = [[start], [end], [axis], [step]].map((list) =>
      this.builder.integers(list),
    );
    const size = x.sizes[axis] ?? null;
    const value = this.builder.add(
      "Slice",
      [x.value, ...lists],
      step < 0 ? { bounds: "python" } : {},
      { name: this.name },
    );
    const count = size === null ? null : lengthOf(size, start, end, step);
    const sizes = x.sizes.map((n, i) => (i === axis ? count : n));
    return new Flow(value, sizes, x.dtype);
  }

  /** One entry of an axis, which is removed. */
  pick(x: Flow, axis: number, index: number): Flow {
    const end = index === -1 ? Infinity : index + 1;
    return this.squeeze(this.slice(x, axis, index, end), axis);
  }

  reduce(type: string, x: Flow, axes: readonly number[], keep = false): Flow {
    const sizes = keep
      ? x.sizes.map((n, axis) => (axes.includes(axis) ? 1 : n))
      : x.sizes.filter((_, axis) => !axes.includes(axis));
    // as an input, since not all operations have the older opsets' attribute
    const list = this.builder.integers(axes);
    const value = this.builder.add(
      type,
      [x.value, list],
      { keepdims: keep ? 1 : 0 },
      { name: this.name },
    );
    return new Flow(value, sizes, x.dtype);
  }

  matmul(a: Flow, b: Flow): Flow {
    const sizes = [
      ...broadcast(a.sizes.slice(0, -2), b.sizes.slice(0, -2)),
      a.sizes.at(-2) ?? null,
      b.sizes.at(-1) ?? null,
    ];
    return this.node("MatMul", [a, b], {}, sizes);
  }

  not(x: Flow): Flow {
    return this.node("Not", [x], {}, x.sizes, "bool");
  }

  /** The conjunction of two masks. */
  both(a: Flow, b: Flow): Flow {
    return this.binary("And", a, b, "bool");
  }

  either(a: Flow, b: Flow): Flow {
    return this.binary("Or", a, b, "bool");
  }

  /** Whether x equals b, as truth values. */
  equal(a: Flow, b: Flow): Flow {
    return this.binary("Equal", a, b, "bool");
  }

  /** x with zeros where the mask [B, T] is false. */
  masked(x: Flow, mask: Flow): Flow {
    return this.binary("Mul", x, this.unsqueeze(this.cast(mask, "float32"), 2));
  }
}

function broadcast(a: Sizes, b: Sizes): Sizes {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a, b].map((sizes) => {
      const at = i - (rank - sizes.length);
      return at < 0 ? 1 : (sizes[at] ?? null);
    });
    if (m === 1) return n ?? null;
    if (n === 1) return m ?? null;
    return m ?? n ?? null;
  });
}

function lengthOf(size: number, start: number, end: number, step: number) {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (n: number) =>
    Math.min(Math.max(n < 0 ? n + size : n, low), high);
  return Math.max(0, Math.ceil((clamp(end) - clamp(start)) / step));
}
