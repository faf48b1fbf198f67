/*
 * Products: dense layers and batches of matrices; also normalisations and softmax.
 */
import type { Call, Translate } from "./call.js";

/** W [out, in]; x has any shape, and is taken as rows of `in` numbers. */
const fullyConnected: Translate = (call) => {
  const { options } = call;
  if (options.byte("weights_format"))
    throw call.refuse("expected weights in rows, got shuffled ones");
  const [outputs = 0, inputs = 0] = call.tensor(1).shape;
  const weight = call.real(1);
  const bias = call.has(2) ? [call.real(2)] : [];
  const rows = call.emit("Reshape", [call.real()], { shape: [-1, inputs] });
  const y = call.emit("Gemm", [rows, weight, ...bias], { transB: 1 });
  call.give(call.activated(shapedLike(call, y, outputs)));
};

/** Restores the input's axes, if the options say so. */
export function shapedLike(call: Call, y: string, outputs: number): string {
  const { shape } = call.tensor(0);
  if (!call.options.bool("keep_num_dims") || shape.length === 2) return y;
  const sizes = call.emit("Shape", [call.stored()], { end: -1 });
  const size = call.builder.integers([outputs]);
  const wanted = call.emit("Concat", [sizes, size], { axis: 0 });
  return call.emit("Reshape", [y, wanted]);
}

const batchMatMul: Translate = (call) => {
  const transposed = (input: number, isTransposed: boolean) => {
    const x = call.real(input);
    const rank = call.tensor(input).shape.length;
    if (!isTransposed) return x;
    const axes = Array.from({ length: rank }, (_, i) => i);
    const perm = [...axes.slice(0, -2), rank - 1, rank - 2];
    return call.emit("Transpose", [x], { perm });
  };
  const a = transposed(0, call.options.bool("adj_x"));
  const b = transposed(1, call.options.bool("adj_y"));
  call.give(call.emit("MatMul", [a, b]));
};

/** softmax(beta · x). */
const softmax: Translate = (call) => {
  const beta = call.options.float("beta", 0);
  const x = call.real();
  const scaled = beta === 1 ? x : call.emit("Mul", [x, call.scalar(beta)]);
  call.give(call.emit("Softmax", [scaled], { axis: -1 }));
};

const logSoftmax: Translate = (call) =>
  call.give(call.emit("LogSoftmax", [call.real()], { axis: -1 }));

/** x / max(|x|, 1e-6), where |x| is the length along the last axis. */
const l2Normalization: Translate = (call) => {
  const x = call.real();
  const squares = call.emit("Mul", [x, x]);
  const sum = call.emit("ReduceSum", [squares], { axes: [-1], keepdims: 1 });
  const length = call.emit("Sqrt", [sum]);
  const least = call.emit("Max", [length, call.scalar(1e-6)]);
  call.give(call.emit("Div", [x, least]));
};

/** Over the features, here the last axis, in ONNX the second. */
const localResponse: Translate = (call) => {
  const { options } = call;
  const size = 2 * options.int("radius") + 1;
  const transposed = call.emit("Transpose", [call.real()], {
    perm: [0, 3, 1, 2],
  });
  const y = call.emit("LRN", [transposed], {
    size,
    bias: options.float("bias"),
    alpha: options.float("alpha") * size,
    beta: options.float("beta"),
  });
  call.give(call.emit("Transpose", [y], { perm: [0, 2, 3, 1] }));
};

export const products: Readonly<Record<string, Translate>> = {
  FULLY_CONNECTED: fullyConnected,
  BATCH_MATMUL: batchMatMul,
  SOFTMAX: softmax,
  LOG_SOFTMAX: logSoftmax,
  L2_NORMALIZATION: l2Normalization,
  LOCAL_RESPONSE_NORMALIZATION: localResponse,
};
