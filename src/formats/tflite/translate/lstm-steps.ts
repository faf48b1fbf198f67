/*
 * An LSTM as nodes step by step, with all the features of the operator:
 *
 *     z = W x + R h (+ p ∘ c)      normalised: z' = n ∘ (z - mean) / √(variance + 1e-8)      z + b
 *     c' = clip(f ∘ c + i ∘ g)      m = o ∘ act(c')      h' = m, or clip(W_hr m + b_hr)
 *
 * The output gate's peephole sees c'.
 */
import type { Value } from "../../../graph/index.js";
import type { FusedActivation } from "../schema.js";
import type { Call } from "./call.js";
import type { Gate, LstmWeights } from "./lstm-weights.js";
import {
  type Emit,
  scanned,
  type SequenceResult,
  type SequenceRun,
} from "./steps.js";

export function lstmSteps(
  call: Call,
  weights: LstmWeights,
  run: SequenceRun,
): SequenceResult {
  const { hidden, cell } = run;
  const [output, after, cellAfter] = scanned(
    call,
    run,
    [hidden, cell],
    (emit, x, [h, c]) => {
      const next = step(emit, weights, x, h as string, c as string);
      return { states: [next.h, next.c], output: next.h };
    },
  ) as [string, string, string];
  return { output, hidden: after, cell: cellAfter };
}

function step(
  emit: Emit,
  weights: LstmWeights,
  x: string,
  h: string,
  c: string,
): { h: string; c: string } {
  const { input, forget, candidate, output, activation } = weights;
  const f = emit("Sigmoid", sum(emit, forget, x, h, c));
  const i = input
    ? emit("Sigmoid", sum(emit, input, x, h, c))
    : emit("Sub", emit.number(1), f);
  const g = activated(emit, sum(emit, candidate, x, h, null), activation);
  const kept = emit("Mul", f, c);
  const cell = clipped(
    emit,
    emit("Add", kept, emit("Mul", i, g)),
    weights.cellClip,
  );
  const o = emit("Sigmoid", sum(emit, output, x, h, cell));
  const m = emit("Mul", o, activated(emit, cell, activation));
  const { projection, projectionBias, projectionClip } = weights;
  if (!projection) return { h: m, c: cell };
  const bias = projectionBias ? [emit.constant(projectionBias)] : [];
  const projected = emit.node("Gemm", [m, emit.constant(projection), ...bias], {
    transB: 1,
  });
  return { h: clipped(emit, projected, projectionClip), c: cell };
}

function sum(
  emit: Emit,
  { W, R, bias, peephole, norm }: Gate,
  x: string,
  h: string,
  c: string | null,
): string {
  const product = (value: string, matrix: Value) =>
    emit.node("Gemm", [value, emit.constant(matrix)], { transB: 1 });
  let z = emit("Add", product(x, W), product(h, R));
  if (peephole && c)
    z = emit("Add", z, emit("Mul", c, emit.constant(peephole)));
  if (norm)
    z = emit.node("LayerNormalization", [z, emit.constant(norm)], {
      axis: -1,
      epsilon: 1e-8,
    });
  return bias ? emit("Add", z, emit.constant(bias)) : z;
}

export function activated(
  emit: Emit,
  value: string,
  activation: FusedActivation,
): string {
  if (activation === "NONE") return value;
  if (activation === "TANH") return emit("Tanh", value);
  if (activation === "RELU") return emit("Relu", value);
  const [min, max] = activation === "RELU6" ? [0, 6] : [-1, 1];
  return emit.node("Clip", [value], { min, max });
}

const clipped = (emit: Emit, value: string, clip: number): string =>
  clip < Infinity
    ? emit.node("Clip", [value], { min: -clip, max: clip })
    : value;
