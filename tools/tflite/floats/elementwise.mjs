// @ts-nocheck: see ../runner.mjs.

/* Models of floats: operators that look at each number by itself. */
import { Maker } from "../maker.mjs";

const NONE = { fused_activation_function: "NONE" };

export function elementwise() {
  const m = new Maker(1);
  const x = m.input("x", [2, 5]);
  const y = m.input("y", [2, 5]);
  const row = m.constant([5]);
  const one = (op, options) => m.output(m.op(op, [x], options));
  for (const activation of ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
    m.output(m.op("ADD", [x, row], { fused_activation_function: activation }));
  m.output(m.op("SUB", [row, x], NONE), m.op("MUL", [x, y], NONE));
  m.output(m.op("DIV", [x, y], NONE));
  for (const op of [
    "MAXIMUM",
    "MINIMUM",
    "SQUARED_DIFFERENCE",
    "FLOOR_DIV",
    "FLOOR_MOD",
  ])
    m.output(m.op(op, [x, y]));
  const positive = m.op("ABS", [x]);
  m.output(positive, m.op("POW", [positive, y]));
  for (const op of ["SQRT", "RSQRT", "LOG"]) m.output(m.op(op, [positive]));
  for (const op of [
    "NEG",
    "SQUARE",
    "EXP",
    "SIN",
    "COS",
    "FLOOR",
    "CEIL",
    "ROUND",
  ])
    one(op);
  for (const op of [
    "LOGISTIC",
    "TANH",
    "RELU",
    "RELU6",
    "RELU_N1_TO_1",
    "ELU",
    "HARD_SWISH",
  ])
    one(op);
  one("LEAKY_RELU", { alpha: 0.3 });
  one("GELU", { approximate: false });
  one("GELU", { approximate: true });
  m.output(m.op("PRELU", [x, m.constant([5])]));
  m.output(m.op("ADD_N", [x, y, x]));
  const bool = { type: "BOOL" };
  const less = m.op("LESS", [x, y], {}, bool);
  const more = m.op("GREATER_EQUAL", [x, row], {}, bool);
  m.output(
    less,
    more,
    m.op("LESS_EQUAL", [x, y], {}, bool),
    m.op("GREATER", [x, y], {}, bool),
  );
  m.output(
    m.op("EQUAL", [x, x], {}, bool),
    m.op("NOT_EQUAL", [x, y], {}, bool),
  );
  m.output(
    m.op("LOGICAL_AND", [less, more], {}, bool),
    m.op("LOGICAL_OR", [less, more], {}, bool),
  );
  m.output(m.op("LOGICAL_NOT", [less], {}, bool), m.op("SELECT", [less, x, y]));
  m.output(m.op("SELECT_V2", [more, x, row]));
  m.output(
    m.op(
      "CAST",
      [x],
      { in_data_type: "FLOAT32", out_data_type: "INT32" },
      { type: "INT32" },
    ),
  );
  m.output(
    m.op("CAST", [less], { in_data_type: "BOOL", out_data_type: "FLOAT32" }),
  );
  const steps = [1, 2].map(() => ({
    x: m.random([2, 5], 5),
    y: m.random([2, 5], 3),
  }));
  return m.finish(steps, { description: "made by tools/tflite" });
}
