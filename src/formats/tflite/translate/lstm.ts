/*
 * Translates LSTM operators into gatewise's layers, which run on the kernel. Operators with features that these do not
 * have, normalised gates and a projection with a bias or a limit, are computed step by step (lstm-steps.ts).
 */
import { tensorOf, type Value } from "../../../graph/index.js";
import { LSTM } from "../../../layers/lstm.js";
import type { CellActivation } from "../../../index.js";
import type { FusedActivation } from "../schema.js";
import type { Call } from "./call.js";
import { below, type Gate, type LstmWeights, zeros } from "./lstm-weights.js";
import { lstmSteps } from "./lstm-steps.js";
import type { SequenceResult, SequenceRun } from "./steps.js";

/** The layers' names of activations; absent if they do not have one. */
export const LAYER_ACTIVATIONS: Readonly<
  Partial<Record<FusedActivation, CellActivation>>
> = { NONE: "linear", TANH: "tanh", RELU: "relu" };

export function runLstm(
  call: Call,
  weights: LstmWeights,
  run: SequenceRun,
): SequenceResult {
  const activation = LAYER_ACTIVATIONS[weights.activation];
  describe(call, weights, run.reverse);
  if (!activation || !isLayer(weights)) return lstmSteps(call, weights, run);
  const { inputSize, hiddenSize, outputSize, cellClip, forget } = weights;
  const layer = new LSTM({
    inputSize,
    hiddenSize,
    projSize: weights.projection ? outputSize : 0,
    direction: run.reverse ? "reverse" : "forward",
    peepholes: forget.peephole !== null,
    backend: call.scope.backend,
    precision: call.scope.precision,
    ...(cellClip < Infinity && { cellClip }),
    ...(activation !== "tanh" && {
      activations: ["sigmoid", activation, activation],
    }),
  }).loadStateDict(dictOf(weights));
  const wide = (state: string) =>
    call.emit("Unsqueeze", [state], { axes: [0] });
  const results = call.builder.layer(layer, run.x, {
    name: call.target().name || "lstm",
    hidden: wide(run.hidden),
    cell: wide(run.cell),
  });
  const flat = (state: string) => call.emit("Squeeze", [state], { axes: [0] });
  return {
    output: results.output,
    hidden: flat(results.hidden),
    cell: flat(results.cell),
  };
}

/** Writes 0.4 for float32's 0.4000000059604645. */
const short = (limit: number): string => `${Number(limit.toPrecision(7))}`;

function describe(call: Call, weights: LstmWeights, reverse: boolean): void {
  const { inputSize, hiddenSize, outputSize, projection } = weights;
  const sizes = {
    inputSize,
    hiddenSize,
    ...(projection && { projSize: outputSize }),
  };
  call.describe(sizes, [
    "gates i f c o, one bias",
    reverse && "backwards",
    !weights.input && "i = 1 - f",
    weights.forget.peephole !== null && "peepholes i f o",
    weights.forget.norm !== null && "normalised gates",
    weights.activation !== "TANH" && `activation ${weights.activation}`,
    weights.cellClip < Infinity && `cell clip ${short(weights.cellClip)}`,
    weights.projectionClip < Infinity &&
      `projection clip ${short(weights.projectionClip)}`,
  ]);
}

/** Whether gatewise's layer has all features of the operator. */
function isLayer(weights: LstmWeights): boolean {
  const { projection, projectionBias, projectionClip } = weights;
  const { outputSize, hiddenSize, input, forget, candidate, output } = weights;
  if (projection && outputSize >= hiddenSize) return false;
  if (projectionBias?.data.some((n) => n !== 0)) return false;
  if (projectionClip < Infinity) return false;
  return ![input, forget, candidate, output].some((gate) => gate?.norm);
}

/** The state dict by PyTorch's names, gates i f g o. */
function dictOf(weights: LstmWeights) {
  const { forget, candidate, output, projection, hiddenSize } = weights;
  // 1 - σ(x) = σ(-x)
  const input = weights.input ?? negated(forget);
  const gates = [input, forget, candidate, output];
  const bias = below(gates.map((gate) => gate.bias ?? zeros(hiddenSize)));
  return {
    weight_ih_l0: tensorOf(below(gates.map(({ W }) => W))),
    weight_hh_l0: tensorOf(below(gates.map(({ R }) => R))),
    bias_ih_l0: tensorOf(bias),
    bias_hh_l0: tensorOf(zeros(4 * hiddenSize)),
    ...(projection && { weight_hr_l0: tensorOf(projection) }),
    ...(forget.peephole && {
      weight_peephole_l0: tensorOf(
        below(
          [input, forget, output].map(
            (gate) => gate.peephole ?? zeros(hiddenSize),
          ),
        ),
      ),
    }),
  };
}

function negated(gate: Gate): Gate {
  const minus = (value: Value): Value => ({
    ...value,
    data: value.data.map((n) => -n),
    ...(value.scaled && {
      scaled: {
        ...value.scaled,
        integers: value.scaled.integers.map((n) => -n),
      },
    }),
  });
  const { W, R, bias, peephole, norm } = gate;
  return {
    W: minus(W),
    R: minus(R),
    bias: bias && minus(bias),
    peephole: peephole && minus(peephole),
    norm,
  };
}
