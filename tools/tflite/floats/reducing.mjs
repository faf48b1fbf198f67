// @ts-nocheck: see ../runner.mjs.

/* Models of floats: operators over axes. */
import { Maker } from "../maker.mjs";

const NONE = { fused_activation_function: "NONE" };

export function reducing() {
  const m = new Maker(3);
  const x = m.input("x", [2, 3, 4]);
  for (const op of ["MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"]) {
    m.output(m.op(op, [x, m.ints(1, 2)], { keep_dims: false }));
    m.output(m.op(op, [x, m.ints(-1)], { keep_dims: true }));
  }
  const bools = m.op(
    "GREATER",
    [x, m.constant([1], [0])],
    {},
    { type: "BOOL" },
  );
  m.output(
    m.op(
      "REDUCE_ANY",
      [bools, m.ints(1)],
      { keep_dims: false },
      { type: "BOOL" },
    ),
  );
  m.output(
    m.op(
      "REDUCE_ALL",
      [bools, m.ints(2)],
      { keep_dims: true },
      { type: "BOOL" },
    ),
  );
  for (const op of ["ARG_MAX", "ARG_MIN"])
    m.output(
      m.op(op, [x, m.ints(2)], { output_type: "INT32" }, { type: "INT32" }),
    );
  m.output(m.op("GATHER", [x, m.ints(2, 0)], { axis: 1 }));
  m.output(
    m.op("GATHER", [x, m.constant([2, 2], [1, 0, 3, 3], "INT32")], { axis: 2 }),
  );
  m.output(m.op("GATHER_ND", [x, m.constant([2, 2], [1, 2, 0, 0], "INT32")]));
  m.output(m.op("EMBEDDING_LOOKUP", [m.ints(3, 1), m.constant([5, 2])]));
  m.output(
    ...m.op(
      "TOPK_V2",
      [x, m.constant([], [2], "INT32")],
      {},
      { outputs: 2, type: ["FLOAT32", "INT32"] },
    ),
  );
  m.output(
    m.op("CUMSUM", [x, m.constant([], [1], "INT32")], {
      exclusive: true,
      reverse: true,
    }),
  );
  m.output(
    m.op("SCATTER_ND", [
      m.constant([2, 1], [2, 0], "INT32"),
      m.constant([2, 2]),
      m.ints(3, 2),
    ]),
  );
  m.output(
    m.op(
      "RANGE",
      [
        m.constant([], [1], "INT32"),
        m.constant([], [9], "INT32"),
        m.constant([], [3], "INT32"),
      ],
      {},
      { type: "INT32" },
    ),
  );
  m.output(
    m.op(
      "ONE_HOT",
      [
        m.ints(1, 0, 2),
        m.constant([], [3], "INT32"),
        m.constant([], [5]),
        m.constant([], [-1]),
      ],
      { axis: -1 },
    ),
  );
  m.output(
    m.op("SOFTMAX", [x], { beta: 1 }),
    m.op("SOFTMAX", [x], { beta: 0.5 }),
  );
  m.output(m.op("LOG_SOFTMAX", [x]));
  m.output(m.op("L2_NORMALIZATION", [x], NONE));
  return m.finish([
    { x: m.random([2, 3, 4], 2) },
    { x: m.random([2, 3, 4], 9) },
  ]);
}
