// @ts-nocheck: see runner.mjs.

/* Quantised models: all integers, outputs must be those of TensorFlow Lite, each. */
import { Maker } from "./maker.mjs";

/**
 * An operator whose result has no size before it runs: TensorFlow Lite then leaves XNNPACK out, whose kernels round in
 * floats, and runs its own.
 */
function withoutDelegate(m, x) {
  const real = m.op("DEQUANTIZE", [x]);
  const bools = m.op(
    "GREATER",
    [real, m.constant([1], [0])],
    {},
    { type: "BOOL" },
  );
  m.op("WHERE", [bools], {}, { type: "INT64" });
}

const NONE = { fused_activation_function: "NONE" };
const X = { scale: 0.05, zero: -7 };

const dense = (more) => ({
  fused_activation_function: "NONE",
  weights_format: 0,
  keep_num_dims: false,
  ...more,
});
const window = (more) => ({
  padding: "SAME",
  stride_w: 1,
  stride_h: 1,
  fused_activation_function: "NONE",
  dilation_w_factor: 1,
  dilation_h_factor: 1,
  ...more,
});

/** Dense layers; one has more inputs than sums of float32 are exact for. */
function int8Dense() {
  const m = new Maker(21);
  const x = m.input("x", [3, 40], "INT8", X);
  withoutDelegate(m, x);
  const wide = m.input("wide", [2, 1300], "INT8", { scale: 0.02, zero: 100 });
  const to = (scale, zero) => ({ type: "INT8", scale: { scale, zero } });
  m.output(
    m.op(
      "FULLY_CONNECTED",
      [x, m.quantized([21, 40], 0.01), m.bias(21, 0.05 * 0.01)],
      dense(),
      to(0.2, 3),
    ),
    m.op(
      "FULLY_CONNECTED",
      [x, m.quantized([21, 40], 0.01), null],
      dense({ fused_activation_function: "RELU" }),
      to(0.15, -128),
    ),
    m.op(
      "FULLY_CONNECTED",
      [wide, m.quantized([5, 1300], 0.013), m.bias(5, 0.02 * 0.013)],
      dense(),
      to(3, -20),
    ),
  );
  return m.finish(
    [1, 2, 3].map(() => ({
      x: m.integers([3, 40], -128, 127),
      wide: m.integers([2, 1300], -128, 127),
    })),
  );
}

function int8Convolution() {
  const m = new Maker(22);
  const x = m.input("x", [1, 8, 7, 4], "INT8", X);
  withoutDelegate(m, x);
  const to = (scale, zero) => ({ type: "INT8", scale: { scale, zero } });
  const bias = (size) =>
    m.constant([size], m.integers([size], -999, 999), "INT32", {
      scale: Array.from({ length: size }, (_, i) => 0.05 * 0.01 * (1 + i / 4)),
    });
  m.output(
    m.op(
      "CONV_2D",
      [x, m.quantized([6, 3, 3, 4], 0.01, 0), bias(6)],
      window({ stride_h: 2 }),
      to(0.2, 3),
    ),
    m.op(
      "CONV_2D",
      [x, m.quantized([6, 1, 1, 4], 0.01, 0), bias(6)],
      window({ fused_activation_function: "RELU6" }),
      to(0.03, -128),
    ),
    m.op(
      "DEPTHWISE_CONV_2D",
      [x, m.quantized([1, 3, 3, 4], 0.01, 3), bias(4)],
      window({ depth_multiplier: 1 }),
      to(0.1, 5),
    ),
  );
  return m.finish(
    [1, 2].map(() => ({ x: m.integers([1, 8, 7, 4], -128, 127) })),
  );
}

function int8Arithmetic() {
  const m = new Maker(23);
  const x = m.input("x", [2, 64], "INT8", X);
  withoutDelegate(m, x);
  const y = m.input("y", [2, 64], "INT8", { scale: 0.031, zero: 12 });
  const to = (scale, zero) => ({ type: "INT8", scale: { scale, zero } });
  for (const op of ["ADD", "SUB"])
    m.output(
      m.op(op, [x, y], NONE, to(0.07, -3)),
      m.op(op, [x, y], { fused_activation_function: "RELU" }, to(0.07, -128)),
    );
  m.output(m.op("MUL", [x, y], NONE, to(0.12, 4)));
  m.output(
    m.op("LOGISTIC", [x], {}, to(1 / 256, -128)),
    m.op("TANH", [x], {}, to(1 / 128, 0)),
  );
  m.output(
    m.op("RELU", [x], {}, to(0.04, -128)),
    m.op("QUANTIZE", [x], {}, to(0.033, 20)),
  );
  m.output(m.op("DEQUANTIZE", [x]));
  m.output(m.op("QUANTIZE", [m.op("DEQUANTIZE", [y])], {}, to(0.031, 12)));
  m.output(
    m.op(
      "RESHAPE",
      [x, m.ints(4, 32)],
      { new_shape: [4, 32] },
      { type: "INT8", scale: X },
    ),
  );
  m.output(
    m.op(
      "CONCATENATION",
      [x, x],
      { axis: 1, ...NONE },
      { type: "INT8", scale: X },
    ),
  );
  m.output(m.op("MAXIMUM", [x, x], {}, { type: "INT8", scale: X }));
  return m.finish(
    [1, 2, 3].map(() => ({
      x: m.integers([2, 64], -128, 127),
      y: m.integers([2, 64], -128, 127),
    })),
  );
}

/** What is computed in floats and rounded: one step beside it at most. */
function int8Rounded() {
  const m = new Maker(24);
  const x = m.input("x", [4, 10], "INT8", { scale: 0.11, zero: -4 });
  withoutDelegate(m, x);
  const to = (scale, zero) => ({ type: "INT8", scale: { scale, zero } });
  m.output(m.op("SOFTMAX", [x], { beta: 1 }, to(1 / 256, -128)));
  m.output(m.op("MEAN", [x, m.ints(1)], { keep_dims: true }, to(0.05, 3)));
  m.output(m.op("L2_NORMALIZATION", [x], NONE, to(1 / 128, 0)));
  return m.finish([1, 2, 3].map(() => ({ x: m.integers([4, 10], -128, 127) })));
}

export const integers = {
  "int8-dense": int8Dense,
  "int8-convolution": int8Convolution,
  "int8-arithmetic": int8Arithmetic,
  "int8-rounded": int8Rounded,
};
