/*
 * The operators of recurrent networks over sequences, and of their single steps. What they keep from call to call are
 * variable tensors, which become states of the graph.
 */
import { tensorOf, type Value } from "../../../graph/index.js";
import { RNN } from "../../../layers/rnn.js";
import type { Call, Translate } from "./call.js";
import { LAYER_ACTIVATIONS, runLstm } from "./lstm.js";
import { activated } from "./lstm-steps.js";
import {
  beside,
  constant,
  type LstmPlaces,
  optional,
  readLstm,
  SINGLE,
} from "./lstm-weights.js";
import { scanned, type SequenceResult, type SequenceRun } from "./steps.js";

/** x as [B, T, I], from [T, B, I] where the options say so. */
const batchFirst = (call: Call, x: string, timeMajor: boolean): string =>
  timeMajor ? call.emit("Transpose", [x], { perm: [1, 0, 2] }) : x;

const lstm: Translate = (call) => {
  if (call.options.bool("diagonal_recurrent_tensors"))
    throw call.refuse("expected recurrent weights in matrices, got diagonals");
  const timeMajor = call.options.bool("time_major");
  const result = runLstm(call, readLstm(call, SINGLE), {
    x: batchFirst(call, call.real(), timeMajor),
    hidden: call.state(18),
    cell: call.state(19),
    reverse: false,
  });
  keep(call, 18, result);
  call.give(batchFirst(call, result.output, timeMajor));
};

/** The states after a run, at inputs `at` and, of an LSTM, the one behind. */
function keep(call: Call, at: number, { hidden, cell }: SequenceResult): void {
  call.setState(at, hidden);
  if (cell) call.setState(at + 1, cell);
}

/** One step of x [B, I]; the basic kernel has one matrix over x and h beside each other, and gates i c f o. */
const lstmStep: Translate = (call) => {
  if (call.options.byte("kernel_type") === 1) return basicLstm(call);
  const x = call.emit("Unsqueeze", [call.real()], { axes: [1] });
  const result = runLstm(call, readLstm(call, SINGLE), {
    x,
    hidden: call.state(18),
    cell: call.state(19),
    reverse: false,
  });
  keep(call, 18, result);
  call.give(result.hidden, call.outputCount - 1);
};

/** Inputs x, h, W [4·H, I + H], b, c; outputs h, c and the parts that went into them. */
function basicLstm(call: Call): void {
  const joined = call.emit("Concat", [call.real(0), call.real(1)], {
    axis: -1,
  });
  const z = call.emit("Gemm", [joined, call.real(2), call.real(3)], {
    transB: 1,
  });
  const [i, g, f, o] = call.emitWide("Split", [z], 4, { axis: -1 }) as [
    string,
    string,
    string,
    string,
  ];
  const sigmoid = (value: string) => call.emit("Sigmoid", [value]);
  const tanh = (value: string) => call.emit("Tanh", [value]);
  const added = call.emit("Mul", [sigmoid(i), tanh(g)]);
  const kept = call.emit("Mul", [sigmoid(f), call.real(4)]);
  const c = call.emit("Add", [added, kept]);
  call.give(call.emit("Mul", [sigmoid(o), tanh(c)]));
  [c, joined, z].forEach((value, k) => call.give(value, k + 1));
}

const FORWARD: LstmPlaces = {
  W: 1,
  R: 5,
  peephole: 9,
  bias: 12,
  projection: 16,
  norm: null,
  auxiliary: 40,
};
const BACKWARD: LstmPlaces = {
  W: 18,
  R: 22,
  peephole: 26,
  bias: 29,
  projection: 33,
  norm: null,
  auxiliary: 44,
};

/** What each direction takes: a second input goes beside the first where it has weights, else backwards instead. */
function inputsOf(
  call: Call,
  auxiliary: number,
  hasWeights: boolean,
  timeMajor: boolean,
): [forward: string, backward: string] {
  const x = batchFirst(call, call.real(), timeMajor);
  if (!call.has(auxiliary)) return [x, x];
  const other = batchFirst(call, call.real(auxiliary), timeMajor);
  if (!hasWeights) return [x, other];
  const both = call.emit("Concat", [x, other], { axis: -1 });
  return [both, both];
}

/** The outputs of two directions, in one where the options say so. */
function giveBoth(
  call: Call,
  results: readonly [SequenceResult, SequenceResult],
  timeMajor: boolean,
): void {
  const outputs = results.map(({ output }) => output);
  if (call.options.bool("merge_outputs"))
    return call.give(
      batchFirst(call, call.emit("Concat", outputs, { axis: -1 }), timeMajor),
    );
  outputs.forEach((output, i) =>
    call.give(batchFirst(call, output, timeMajor), i),
  );
}

const bidirectionalLstm: Translate = (call) => {
  const timeMajor = call.options.bool("time_major", true);
  const [forward, backward] = inputsOf(call, 39, call.has(41), timeMajor);
  const run = (places: LstmPlaces, x: string, at: number) => {
    const result = runLstm(call, readLstm(call, places), {
      x,
      hidden: call.state(at),
      cell: call.state(at + 1),
      reverse: at === 37,
    });
    keep(call, at, result);
    return result;
  };
  giveBoth(
    call,
    [run(FORWARD, forward, 35), run(BACKWARD, backward, 37)],
    timeMajor,
  );
};

/** Where the inputs of a plain recurrence are: W, R and bias follow each other, and its state. */
interface RnnPlaces {
  readonly W: number;
  readonly auxiliary: number | null;
}

/** h' = f(W x + R h + b) */
function runRnn(
  call: Call,
  { W: at, auxiliary }: RnnPlaces,
  run: Omit<SequenceRun, "cell">,
): SequenceResult {
  const own = constant(call, at, 2);
  const W =
    auxiliary !== null && call.has(auxiliary)
      ? beside(own, constant(call, auxiliary, 2))
      : own;
  const R = constant(call, at + 1, 2);
  const bias = optional(call, at + 2);
  const [hiddenSize = 0, inputSize = 0] = W.shape;
  const { fused } = call;
  const activation = LAYER_ACTIVATIONS[fused];
  call.describe({ inputSize, hiddenSize }, [
    fused,
    bias ? "one bias" : "no bias",
    run.reverse && "backwards",
  ]);
  if (!activation) {
    const [output, hidden] = scanned(
      call,
      run,
      [run.hidden],
      (emit, x, [h]) => {
        const product = (value: string, matrix: Value) =>
          emit.node("Gemm", [value, emit.constant(matrix)], { transB: 1 });
        const sum = emit("Add", product(x, W), product(h as string, R));
        const z = bias ? emit("Add", sum, emit.constant(bias)) : sum;
        const next = activated(emit, z, fused);
        return { states: [next], output: next };
      },
    ) as [string, string];
    return { output, hidden, cell: "" };
  }
  const layer = new RNN({
    inputSize,
    hiddenSize,
    bias: bias !== null,
    direction: run.reverse ? "reverse" : "forward",
    backend: call.scope.backend,
    precision: call.scope.precision,
    ...(activation === "linear"
      ? { activations: ["linear" as const] }
      : { nonlinearity: activation as "tanh" | "relu" }),
  });
  layer.loadStateDict({
    weight_ih_l0: tensorOf(W),
    weight_hh_l0: tensorOf(R),
    ...(bias && {
      bias_ih_l0: tensorOf(bias),
      bias_hh_l0: { shape: [hiddenSize], data: new Float32Array(hiddenSize) },
    }),
  });
  const made = call.builder.layer(layer, run.x, {
    name: call.target().name || "rnn",
    hidden: call.emit("Unsqueeze", [run.hidden], { axes: [0] }),
  });
  const hidden = call.emit("Squeeze", [made.hidden], { axes: [0] });
  return { output: made.output, hidden, cell: "" };
}

const rnn: Translate = (call) => {
  const timeMajor = call.options.bool("time_major");
  const result = runRnn(
    call,
    { W: 1, auxiliary: null },
    {
      x: batchFirst(call, call.real(), timeMajor),
      hidden: call.state(4),
      reverse: false,
    },
  );
  keep(call, 4, result);
  call.give(batchFirst(call, result.output, timeMajor));
};

const rnnStep: Translate = (call) => {
  const x = call.emit("Unsqueeze", [call.real()], { axes: [1] });
  const result = runRnn(
    call,
    { W: 1, auxiliary: null },
    {
      x,
      hidden: call.state(4),
      reverse: false,
    },
  );
  keep(call, 4, result);
  call.give(result.hidden);
};

const bidirectionalRnn: Translate = (call) => {
  const timeMajor = call.options.bool("time_major");
  const [forward, backward] = inputsOf(call, 9, call.has(10), timeMajor);
  const run = (places: RnnPlaces, x: string, at: number) => {
    const hidden = call.state(at);
    const result = runRnn(call, places, { x, hidden, reverse: at === 8 });
    keep(call, at, result);
    return result;
  };
  giveBoth(
    call,
    [
      run({ W: 1, auxiliary: 10 }, forward, 4),
      run({ W: 5, auxiliary: 11 }, backward, 8),
    ],
    timeMajor,
  );
};

/**
 * Nakkiran et al. 2015: of the last M steps of features W x [B, F] sums over time, of which `rank` are an output's.
 * Inputs: x [B, I], W [F, I], weights of time [F, M], bias [F / rank], the steps so far [B, F · M].
 */
const svdf: Translate = (call) => {
  const rank = Math.max(1, call.options.int("rank"));
  const [features = 0, memory = 0] = call.tensor(2).shape;
  const shape = [-1, features, memory];
  const before = call.emit("Reshape", [call.state(4)], { shape });
  const kept = call.emit("Slice", [before], {
    starts: [1],
    ends: [memory],
    axes: [2],
  });
  const now = call.emit("Gemm", [call.real(0), call.real(1)], { transB: 1 });
  const column = call.emit("Unsqueeze", [now], { axes: [2] });
  const steps = call.emit("Concat", [kept, column], { axis: 2 });
  call.setState(
    4,
    call.emit("Reshape", [steps], { shape: [-1, features * memory] }),
  );
  const weighted = call.emit("Mul", [steps, call.real(2)]);
  const ranks = call.emit("Reshape", [weighted], {
    shape: [-1, features / rank, rank * memory],
  });
  const sums = call.emit("ReduceSum", [ranks], { axes: [2], keepdims: 0 });
  const y = call.has(3) ? call.emit("Add", [sums, call.real(3)]) : sums;
  call.give(call.activated(y));
};

export const sequences: Readonly<Record<string, Translate>> = {
  UNIDIRECTIONAL_SEQUENCE_LSTM: lstm,
  BIDIRECTIONAL_SEQUENCE_LSTM: bidirectionalLstm,
  LSTM: lstmStep,
  UNIDIRECTIONAL_SEQUENCE_RNN: rnn,
  BIDIRECTIONAL_SEQUENCE_RNN: bidirectionalRnn,
  RNN: rnnStep,
  SVDF: svdf,
};
