/*
 * Expressions that are one of the three cells, as Keras and TensorFlow write them:
 *
 *     RNN     h' = f(x W + h R + b)
 *     LSTM    c' = f c + i g(..)     h' = o h(c')     i, f, o = sigmoid-like of sums of x and h
 *     GRU     h' = z h + (1 - z) g     g = tanh-like of x W + (r h) R + b, or of x W + b + r (h R + b')
 */
import type {
  ActivationChoice,
  ActivationName,
} from "../operations/activations.js";
import type { RecurrentType } from "../operations/weights.js";
import type { StateDict } from "../../safetensors.js";
import type { Expression, Pair, Step, Sum, Term } from "./expressions.js";

export interface Cell {
  readonly type: RecurrentType;
  /** The states of the loop that are h and, of an LSTM, c. */
  readonly hidden: number;
  readonly cell: number | null;
  readonly step: Step;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** In ONNX's order: of the gates, of the candidate, of an LSTM's output. */
  readonly activations: readonly ActivationChoice[];
  /** Of a GRU: whether r is multiplied after the product. */
  readonly resetAfter: boolean;
  /** As PyTorch has it. */
  readonly weights: StateDict;
}

/** A function of a sum. */
interface Gate {
  readonly activation: ActivationChoice;
  readonly of: Expression;
}

/** The cell whose new states these are, null when it is none. */
export function cellOf(states: readonly (Expression | null)[]): Cell | null {
  const vectors = states.flatMap((state, index) =>
    state && state.kind !== "counter" && state.kind !== "written"
      ? [index]
      : [],
  );
  if (states.includes(null)) return null;
  if (vectors.length === 1) {
    const [index] = vectors as [number];
    const h = states[index] as Expression;
    return gruOf(h, index) ?? rnnOf(h, index);
  }
  if (vectors.length !== 2) return null;
  const [a, b] = vectors as [number, number];
  return (
    lstmOf(states[a] as Expression, a, states[b] as Expression, b) ??
    lstmOf(states[b] as Expression, b, states[a] as Expression, a)
  );
}

const isState = (x: Expression, index: number): boolean =>
  x.kind === "state" && x.index === index;

/** Both orders of a product or sum. */
function* orders(x: Expression, kind: Pair["kind"]) {
  if (x.kind !== kind) return;
  yield [x.left, x.right] as const;
  yield [x.right, x.left] as const;
}

function gateOf(x: Expression): Gate | null {
  if (x.kind === "function") return { activation: x.activation, of: x.of };
  if (x.kind !== "clipped") {
    const isSum = x.kind === "sum" || x.kind === "plus";
    return isSum ? { activation: LINEAR, of: x } : null;
  }
  const { of, low, high } = x;
  if (low !== 0) return null;
  if (high === Infinity && of.kind === "sum")
    return { activation: { name: "relu" }, of };
  // 6 times a sixth in float32 is no 1
  if (Math.abs(high - 1) > 1e-7 || of.kind !== "scaled") return null;
  const numbers = { alpha: of.scale, beta: of.shift };
  return { activation: { name: "hardSigmoid", ...numbers }, of: of.of };
}

const LINEAR: ActivationChoice = { name: "affine", alpha: 1, beta: 0 };

const same = (a: ActivationChoice, b: ActivationChoice): boolean =>
  a.name === b.name && a.alpha === b.alpha && a.beta === b.beta;

/** The products of x and of `other` in a sum that has one of each, whatever their order. */
function terms(
  x: Expression,
  isOther: (of: Term["of"]) => boolean,
): { sum: Sum; input: Term & { of: Step }; other: Term } | null {
  if (x.kind !== "sum" || x.terms.length !== 2) return null;
  const input = x.terms.find(({ of }) => of.kind === "step");
  const other = x.terms.find(({ of }) => of.kind !== "step" && isOther(of));
  if (!input || !other) return null;
  return { sum: x, input: input as Term & { of: Step }, other };
}

/** What goes into a gate of PyTorch's: rows of weight_ih, of weight_hh, of bias_ih, of bias_hh. */
interface Rows {
  readonly input: Term;
  readonly hidden: Term;
  readonly biases: Sum["biases"];
  /** Of the product with h alone. */
  readonly hiddenBiases: Sum["biases"];
}

function rowsOf(x: Expression, h: number): (Rows & { step: Step }) | null {
  const found = terms(x, (of) => isState(of, h));
  return (
    found && {
      step: found.input.of,
      input: found.input,
      hidden: found.other,
      biases: found.sum.biases,
      hiddenBiases: [],
    }
  );
}

function rnnOf(next: Expression, h: number): Cell | null {
  const gate = gateOf(next);
  const rows = gate && rowsOf(gate.of, h);
  return (
    rows && joined("RNN", { hidden: h, cell: null }, [rows], [gate.activation])
  );
}

function lstmOf(
  nextH: Expression,
  h: number,
  nextC: Expression,
  c: number,
): Cell | null {
  for (const [o, activated] of orders(nextH, "times")) {
    if (activated.kind !== "function" || activated.of !== nextC) continue;
    for (const [kept, added] of orders(nextC, "plus"))
      for (const [f, old] of orders(kept, "times")) {
        if (!isState(old, c)) continue;
        for (const [i, g] of orders(added, "times")) {
          const gates = [i, f, g, o].map(gateOf);
          const rows = gates.map((gate) => gate && rowsOf(gate.of, h));
          const [own, forget, candidate, output] = gates;
          if (!own || !forget || !candidate || !output) continue;
          // where all are the same function, i g is g i
          const alike =
            same(own.activation, forget.activation) &&
            same(own.activation, output.activation);
          if (!alike || rows.includes(null)) continue;
          return joined(
            "LSTM",
            { hidden: h, cell: c },
            rows as (Rows & { step: Step })[],
            [own.activation, candidate.activation, activated.activation],
          );
        }
      }
  }
  return null;
}

function gruOf(next: Expression, h: number): Cell | null {
  for (const [kept, added] of orders(next, "plus"))
    for (const [z, old] of orders(kept, "times")) {
      if (!isState(old, h)) continue;
      for (const [rest, candidate] of orders(added, "times")) {
        if (rest.kind !== "rest" || rest.of !== z) continue;
        const [update, own] = [gateOf(z), gateOf(candidate)];
        const rows = update && rowsOf(update.of, h);
        const found = own && (resetBefore(own.of, h) ?? resetAfter(own.of, h));
        if (!rows || !found) continue;
        const reset = gateOf(found.reset);
        const resetRows = reset && rowsOf(reset.of, h);
        if (!resetRows || !same(reset.activation, update.activation)) continue;
        return joined(
          "GRU",
          { hidden: h, cell: null },
          [resetRows, rows, found.rows],
          [update.activation, own.activation],
          found.after,
        );
      }
    }
  return null;
}

interface Candidate {
  readonly rows: Rows & { step: Step };
  readonly reset: Expression;
  readonly after: boolean;
}

function resetBefore(x: Expression, h: number): Candidate | null {
  const found = terms(x, ({ kind }) => kind === "times");
  if (!found) return null;
  for (const [reset, old] of orders(found.other.of, "times"))
    if (isState(old, h))
      return {
        reset,
        after: false,
        rows: {
          step: found.input.of,
          input: found.input,
          hidden: found.other,
          biases: found.sum.biases,
          hiddenBiases: [],
        },
      };
  return null;
}

function resetAfter(x: Expression, h: number): Candidate | null {
  for (const [sum, product] of orders(x, "plus"))
    for (const [reset, inner] of orders(product, "times")) {
      if (sum.kind !== "sum" || sum.terms.length !== 1) continue;
      if (inner.kind !== "sum" || inner.terms.length !== 1) continue;
      const [input, hidden] = [sum.terms[0] as Term, inner.terms[0] as Term];
      if (input.of.kind !== "step" || !isState(hidden.of, h)) continue;
      return {
        reset,
        after: true,
        rows: {
          step: input.of,
          input,
          hidden,
          biases: sum.biases,
          hiddenBiases: inner.biases,
        },
      };
    }
  return null;
}

/** The cell that its gates make together; null where their sizes or steps differ. */
function joined(
  type: RecurrentType,
  states: Pick<Cell, "hidden" | "cell">,
  gates: readonly (Rows & { step: Step })[],
  activations: readonly ActivationChoice[],
  after = false,
): Cell | null {
  const [{ step, input, hidden }] = gates as [Rows & { step: Step }];
  const inputSize = input.weight.shape[0] as number;
  const hiddenSize = hidden.weight.shape[0] as number;
  const fits = gates.every(
    (gate) =>
      gate.step === step &&
      !gate.step.axis &&
      isPart(gate.input, inputSize, hiddenSize) &&
      isPart(gate.hidden, hiddenSize, hiddenSize) &&
      [...gate.biases, ...gate.hiddenBiases].every(
        ({ data, from }) => from + hiddenSize <= data.length,
      ),
  );
  if (!fits || !inputSize || !hiddenSize) return null;
  const lead = gates.length * hiddenSize;
  const matrix = (size: number, part: "input" | "hidden") => ({
    shape: [lead, size],
    data: matrixOf(
      gates.map((gate) => gate[part]),
      size,
      hiddenSize,
    ),
  });
  const vector = (part: "biases" | "hiddenBiases") => ({
    shape: [lead],
    data: biasOf(
      gates.map((gate) => gate[part]),
      hiddenSize,
    ),
  });
  return {
    type,
    ...states,
    step,
    inputSize,
    hiddenSize,
    activations,
    resetAfter: after,
    weights: {
      weight_ih_l0: matrix(inputSize, "input"),
      weight_hh_l0: matrix(hiddenSize, "hidden"),
      bias_ih_l0: vector("biases"),
      bias_hh_l0: vector("hiddenBiases"),
    },
  };
}

const isPart = ({ weight, from }: Term, rows: number, count: number): boolean =>
  weight.shape[0] === rows && from + count <= (weight.shape[1] as number);

/** Columns of [K, N] as rows, gate after gate: (G·H, K). */
function matrixOf(
  list: readonly Term[],
  size: number,
  count: number,
): Float32Array {
  const all = new Float32Array(list.length * count * size);
  let to = 0;
  for (const { weight, from } of list) {
    const width = weight.shape[1] as number;
    for (let unit = 0; unit < count; unit++)
      for (let k = 0; k < size; k++)
        all[to++] = weight.data[k * width + from + unit] as number;
  }
  return all;
}

function biasOf(list: readonly Sum["biases"][], count: number): Float32Array {
  const all = new Float64Array(list.length * count);
  list.forEach((biases, gate) => {
    for (const { data, from } of biases)
      for (let i = 0; i < count; i++)
        all[gate * count + i] =
          (all[gate * count + i] as number) + (data[from + i] as number);
  });
  return Float32Array.from(all);
}

/** The functions that are the cell's own. */
export const STANDARD: Readonly<
  Record<RecurrentType, readonly ActivationName[]>
> = {
  RNN: ["tanh"],
  GRU: ["sigmoid", "tanh"],
  LSTM: ["sigmoid", "tanh", "tanh"],
};
