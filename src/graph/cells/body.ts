import {
  type AttributeValue,
  type BodyDescription,
  isValue,
  type NodeDescription,
} from "../description.js";
import {
  ACTIVATIONS,
  type ActivationName,
  onnxActivations,
  onnxName,
} from "../operations/activations.js";
import type { Value } from "../value.js";
import {
  type Bias,
  type Clipped,
  type Condition,
  type Counter,
  type Expression,
  type Function,
  scalarOf,
  type Step,
  type Sum,
  type Term,
} from "./expressions.js";

/** What a body reads from around it. */
export interface Outside {
  /** A value by its name: where it is, its numbers when they are known, whether they are all 1. */
  find(
    name: string,
  ): { slot: number; value: Value | null; ones: boolean } | null;
}

/** What the inputs of the loop's states are, where that is known at load. */
export type Initial = readonly (Value | null)[];

type Inputs = readonly (Expression | null)[];
type Rule = (
  body: Body,
  inputs: Inputs,
  attributes: ReadonlyMap<string, AttributeValue>,
  outputs: number,
) => Expression | null | readonly (Expression | null)[];

/** A loop's body: its values as expressions, null for what no cell has. */
export class Body {
  readonly #description: BodyDescription;
  readonly #outside: Outside;
  readonly #values = new Map<string, Expression | null>();
  readonly #makers = new Map<string, NodeDescription>();
  readonly #arounds = new Map<number, Expression>();
  readonly #steps = new Map<string, Step>();
  /** Where the ones lie with which a step was multiplied: they must not be more than it. */
  readonly ones = new Set<number>();

  constructor(
    description: BodyDescription,
    outside: Outside,
    initial: Initial,
  ) {
    this.#description = description;
    this.#outside = outside;
    const [iteration, going, ...states] = description.inputs;
    const counter = {
      kind: "counter",
      start: 0,
      plus: 0,
      axis: false,
    } as const;
    this.#values.set(iteration as string, { ...counter, index: -1 });
    this.#values.set(going as string, { kind: "condition", limits: [] });
    states.forEach((name, index) => {
      const value = initial[index];
      const counts =
        value && value.dtype !== "float32" && value.shape.length === 0;
      this.#values.set(
        name,
        counts
          ? { ...counter, index, start: value.data[0] as number }
          : { kind: "state", index },
      );
    });
    for (const [name, value] of description.constants)
      this.#values.set(name, { kind: "known", value });
    for (const node of description.nodes)
      for (const output of node.outputs)
        if (output) this.#makers.set(output, node);
  }

  /** The outputs: whether the loop goes on, the new states, and what is stacked. */
  outputs(): (Expression | null)[] {
    // in their order, so that no chain of nodes is deeper than one
    for (const node of this.#description.nodes) this.#compute(node);
    return this.#description.outputs.map((name) => this.value(name));
  }

  value(name: string): Expression | null {
    const own = this.#values.get(name);
    if (own !== undefined || this.#makers.has(name)) return own ?? null;
    const found = this.#outside.find(name);
    if (!found) return null;
    const { slot, value, ones } = found;
    if (value) return { kind: "known", value };
    const around = this.#arounds.get(slot);
    const made = around ?? { kind: "around", slot, ones };
    this.#arounds.set(slot, made);
    return made;
  }

  /** One object for a step of a sequence, however often the body takes it. */
  step(slot: number, counter: Counter, axis: boolean): Step {
    const key = `${slot} ${counter.index} ${counter.start} ${counter.plus} ${axis}`;
    const known = this.#steps.get(key);
    if (known) return known;
    const made: Step = { kind: "step", slot, counter, axis };
    this.#steps.set(key, made);
    return made;
  }

  #compute({ type, inputs, outputs, attributes }: NodeDescription): void {
    const given = inputs.map((name) => (name ? this.value(name) : null));
    const rule = RULES[type];
    const made = rule ? rule(this, given, attributes, outputs.length) : null;
    outputs.forEach((name, i) => {
      if (!name) return;
      const value = Array.isArray(made) ? made[i] : i ? null : made;
      this.#values.set(name, (value as Expression | null | undefined) ?? null);
    });
  }
}

const known = (value: Value | null | undefined): Expression | null =>
  value ? { kind: "known", value } : null;

const same: Rule = (_, [x]) => x ?? null;

/** A cast of what counts is for comparing: all are small integers; one of floats is none. */
const cast: Rule = (_, [x], attributes) => {
  if (!x) return null;
  if (x.kind === "known") return isInteger(x.value) ? x : null;
  const counts =
    x.kind === "counter" ||
    x.kind === "around" ||
    x.kind === "condition" ||
    x.kind === "shape";
  return counts || attributes.get("to") === "float32" ? x : null;
};

const isInteger = ({ dtype }: Value): boolean =>
  dtype === "int32" || dtype === "int64";

const constant: Rule = (_, _inputs, attributes) => {
  const value = attributes.get("value");
  return typeof value === "object" && isValue(value) ? known(value) : null;
};

/** The axes of an Unsqueeze or Squeeze: an attribute, or an input from opset 13 on; null without. */
function axesOf(
  [, input]: Inputs,
  attributes: ReadonlyMap<string, AttributeValue>,
): readonly number[] | null {
  if (input?.kind === "known") return Array.from(input.value.data);
  const axes = attributes.get("axes");
  return Array.isArray(axes) ? (axes as number[]) : null;
}

const isFirst = (axes: readonly number[] | null): boolean =>
  axes?.length === 1 && axes[0] === 0;

const unsqueeze: Rule = (_, inputs, attributes) => {
  const [x] = inputs;
  if (!x || !isFirst(axesOf(inputs, attributes))) return null;
  if (x.kind === "counter") return x.axis ? null : { ...x, axis: true };
  return isVector(x) ? { kind: "lifted", of: x } : null;
};

const squeeze: Rule = (body, inputs, attributes) => {
  const [x] = inputs;
  const axes = axesOf(inputs, attributes);
  if (x?.kind === "lifted" && isFirst(axes)) return x.of;
  if (x?.kind === "step" && x.axis && isFirst(axes))
    return body.step(x.slot, x.counter, false);
  // Keras 3 writes one behind the states' product: of one row, [1, N] becomes [N], which the sum broadcasts again
  return x?.kind === "sum" && x.width > 1 && !axes && inputs.length === 1
    ? x
    : null;
};

const gather: Rule = (body, [x, index], attributes) => {
  if (x?.kind !== "around" || index?.kind !== "counter") return null;
  if ((attributes.get("axis") ?? 0) !== 0) return null;
  return body.step(x.slot, index, index.axis);
};

function product(of: Expression | null, weight: Expression | null): Sum | null {
  const isVector =
    (of?.kind === "step" && !of.axis) ||
    of?.kind === "state" ||
    of?.kind === "times";
  if (!isVector || weight?.kind !== "known") return null;
  const { shape, dtype } = weight.value;
  if (shape.length !== 2 || dtype !== "float32") return null;
  const width = shape[1] as number;
  const term = { of, weight: weight.value, from: 0 };
  return { kind: "sum", width, terms: [term], biases: [] };
}

const matMul: Rule = (_, [a, b]) => product(a ?? null, b ?? null);

const gemm: Rule = (_, [a, b, c], attributes) => {
  const is = (name: string, value: number) =>
    (attributes.get(name) ?? value) === value;
  if (!is("alpha", 1) || !is("beta", 1) || !is("transA", 0)) return null;
  const weight = b?.kind === "known" && !is("transB", 0) ? turned(b.value) : b;
  const made = product(a ?? null, weight ?? null);
  return made && c ? plus(made, c) : made;
};

function turned({ dtype, shape, data }: Value): Expression | null {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined)
    return null;
  const own = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      own[column * rows + row] = data[row * columns + column] as number;
  return known({ dtype, shape: [columns, rows], data: own });
}

const vectors = new Set([
  "step",
  "state",
  "sum",
  "function",
  "times",
  "plus",
  "rest",
  "scaled",
  "clipped",
]);

const isVector = (x: Expression): boolean => vectors.has(x.kind);

function plus(a: Expression, b: Expression): Expression | null {
  if (a.kind === "known" && b.kind !== "known") return plus(b, a);
  if (a.kind === "sum" && b.kind === "sum")
    return a.width !== b.width
      ? null
      : {
          ...a,
          terms: [...a.terms, ...b.terms],
          biases: [...a.biases, ...b.biases],
        };
  if (b.kind !== "known")
    return isVector(a) && isVector(b)
      ? { kind: "plus", left: a, right: b }
      : null;
  const { data, shape, dtype } = b.value;
  const one = scalarOf(b);
  if (a.kind === "counter" && one !== null && shape.length === 0)
    return { ...a, plus: a.plus + one };
  if (dtype !== "float32") return null;
  if (a.kind === "sum" && data.length === a.width && shape.at(-1) === a.width)
    return { ...a, biases: [...a.biases, { data, from: 0 }] };
  if (one === null || (a.kind !== "sum" && a.kind !== "scaled")) return null;
  return a.kind === "sum"
    ? { kind: "scaled", of: a, scale: 1, shift: one }
    : { ...a, shift: a.shift + one };
}

const add: Rule = (_, [a, b]) => (a && b ? plus(a, b) : null);

const sub: Rule = (_, [a, b]) =>
  b && isVector(b) && scalarOf(a ?? null) === 1
    ? { kind: "rest", of: b }
    : null;

function times(a: Expression, b: Expression): Expression | null {
  if (a.kind === "known" || (a.kind === "around" && a.ones))
    return b.kind === "known" ? null : times(b, a);
  if (b.kind === "around") return b.ones && a.kind === "step" ? a : null;
  const scale = scalarOf(b);
  if (scale !== null) {
    if (a.kind === "sum") return { kind: "scaled", of: a, scale, shift: 0 };
    if (a.kind === "scaled")
      return { ...a, scale: a.scale * scale, shift: a.shift * scale };
    if (a.kind === "clipped" && scale > 0) return scaledClip(a, scale);
  }
  return isVector(a) && isVector(b)
    ? { kind: "times", left: a, right: b }
    : null;
}

function scaledClip(x: Clipped, scale: number): Clipped {
  const { of } = x;
  const scaled =
    of.kind === "sum"
      ? ({ kind: "scaled", of, scale, shift: 0 } as const)
      : { ...of, scale: of.scale * scale, shift: of.shift * scale };
  return { ...x, of: scaled, low: x.low * scale, high: x.high * scale };
}

const mul: Rule = (body, [a, b]) => {
  const made = a && b ? times(a, b) : null;
  if (made?.kind === "step")
    for (const factor of [a, b])
      if (factor?.kind === "around" && factor.slot >= 0)
        body.ones.add(factor.slot);
  return made;
};

function clip(x: Expression | null, low: number, high: number): Clipped | null {
  if (x?.kind === "clipped")
    return low <= high && low <= x.high && high >= x.low
      ? { ...x, low: Math.max(x.low, low), high: Math.min(x.high, high) }
      : null;
  if (x?.kind !== "sum" && x?.kind !== "scaled") return null;
  return low <= high ? { kind: "clipped", of: x, low, high } : null;
}

const bounded =
  (bounds: (limit: number) => [number, number]): Rule =>
  (_, [a, b, c]) => {
    if (!a || !b || c) return null;
    const [x, limit] = a.kind === "known" ? [b, a] : [a, b];
    const number = scalarOf(limit);
    return number === null ? null : clip(x, ...bounds(number));
  };

const clipRule: Rule = (_, [x, low, high], attributes) => {
  const bound = (
    input: Expression | null | undefined,
    name: string,
    otherwise: number,
  ) => {
    if (input) return scalarOf(input);
    const value = attributes.get(name) ?? otherwise;
    return typeof value === "number" ? value : null;
  };
  const [least, most] = [
    bound(low, "min", -Infinity),
    bound(high, "max", Infinity),
  ];
  return least === null || most === null ? null : clip(x ?? null, least, most);
};

const activation =
  (name: ActivationName): Rule =>
  (_, [x], attributes) => {
    if (!x || !isVector(x)) return null;
    const own = Object.entries(ACTIVATIONS[name]).map(([key, otherwise]) => [
      key,
      Math.fround(Number(attributes.get(key) ?? otherwise)),
    ]);
    return {
      kind: "function",
      activation: { name, ...Object.fromEntries(own) },
      of: x,
    } satisfies Function;
  };

const relu: Rule = (body, inputs, attributes, outputs) =>
  clip(inputs[0] ?? null, 0, Infinity) ??
  activation("relu")(body, inputs, attributes, outputs);

/** The parts of a sum along its columns. */
const split: Rule = (_, [x, sizes], attributes, outputs) => {
  const axis = attributes.get("axis");
  if (x?.kind !== "sum" || (axis !== 1 && axis !== -1)) return null;
  const given =
    sizes?.kind === "known"
      ? Array.from(sizes.value.data)
      : attributes.get("split");
  if (sizes && sizes.kind !== "known") return null;
  const parts = Array.isArray(given)
    ? (given as number[])
    : Array.from({ length: outputs }, () => x.width / outputs);
  let from = 0;
  return parts.map((width) => {
    from += width;
    return columns(x, from - width, width);
  });
};

function columns(x: Sum, from: number, width: number): Sum | null {
  const fits =
    Number.isInteger(from) &&
    Number.isInteger(width) &&
    from >= 0 &&
    width > 0 &&
    from + width <= x.width;
  const moved = <T extends Term | Bias>(item: T): T => ({
    ...item,
    from: item.from + from,
  });
  return fits
    ? { ...x, width, terms: x.terms.map(moved), biases: x.biases.map(moved) }
    : null;
}

const slice: Rule = (_, [x, ...inputs], attributes) => {
  if (x?.kind !== "sum") return null;
  const [starts, ends, axes, steps] = ["starts", "ends", "axes", "steps"].map(
    (name, i) => {
      const input = inputs[i];
      if (input)
        return input.kind === "known" ? Array.from(input.value.data) : null;
      return (attributes.get(name) ?? undefined) as number[] | undefined;
    },
  );
  if (!starts || !ends || !axes || steps === null) return null;
  if (axes.length !== 1 || (axes[0] !== 1 && axes[0] !== -1)) return null;
  if (steps && steps[0] !== 1) return null;
  const place = (n: number) => Math.min(n < 0 ? n + x.width : n, x.width);
  const from = place(starts[0] as number);
  return columns(x, from, place(ends[0] as number) - from);
};

const shape: Rule = (_, [x]) =>
  x?.kind === "step" || x?.kind === "state" ? { kind: "shape", of: x } : null;

/** Ones of the shape of a step, with which Keras multiplies it where its dropout would be. */
const expand: Rule = (_, [x, size]) =>
  scalarOf(x ?? null) === 1 && size?.kind === "shape"
    ? { kind: "around", slot: -1, ones: true }
    : null;

const less =
  (turnedRound: boolean): Rule =>
  (_, [a, b]) => {
    const [counter, limit] = turnedRound ? [b, a] : [a, b];
    if (counter?.kind !== "counter" || counter.axis) return null;
    if (limit?.kind !== "around" && scalarOf(limit ?? null) === null)
      return null;
    return {
      kind: "condition",
      limits: [
        { counter, limit: limit as Condition["limits"][number]["limit"] },
      ],
    };
  };

const and: Rule = (_, [a, b]) =>
  a?.kind === "condition" && b?.kind === "condition"
    ? { kind: "condition", limits: [...a.limits, ...b.limits] }
    : null;

const RULES: Readonly<Record<string, Rule>> = {
  Identity: same,
  Cast: cast,
  Constant: constant,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Gather: gather,
  MatMul: matMul,
  Gemm: gemm,
  Add: add,
  Sub: sub,
  Mul: mul,
  Clip: clipRule,
  Min: bounded((limit) => [-Infinity, limit]),
  Max: bounded((limit) => [limit, Infinity]),
  ...Object.fromEntries(
    onnxActivations.map((name) => [onnxName(name), activation(name)]),
  ),
  Relu: relu,
  Split: split,
  Slice: slice,
  Shape: shape,
  Expand: expand,
  Less: less(false),
  Greater: less(true),
  And: and,
};
