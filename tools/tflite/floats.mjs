// @ts-nocheck: see runner.mjs.

/* Models of floats, many operators each. */
import { Maker } from "./maker.mjs";

const NONE = { fused_activation_function: "NONE" };

function elementwise() {
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

function shaping() {
  const m = new Maker(2);
  const x = m.input("x", [2, 3, 4]);
  m.output(m.op("RESHAPE", [x, m.ints(6, -1)], { new_shape: [6, -1] }));
  m.output(m.op("EXPAND_DIMS", [x, m.ints(1)]));
  const wide = m.op("EXPAND_DIMS", [x, m.ints(0)]);
  m.output(m.op("SQUEEZE", [wide], { squeeze_dims: [0] }));
  m.output(m.op("TRANSPOSE", [x, m.ints(2, 0, 1)]));
  m.output(m.op("CONCATENATION", [x, x], { axis: -1, ...NONE }));
  m.output(m.op("PACK", [x, x, x], { values_count: 3, axis: 1 }));
  m.output(...m.op("UNPACK", [x], { num: 3, axis: 1 }, { outputs: 3 }));
  m.output(
    ...m.op(
      "SPLIT",
      [m.constant([], [2], "INT32"), x],
      { num_splits: 2 },
      { outputs: 2 },
    ),
  );
  m.output(
    ...m.op(
      "SPLIT_V",
      [x, m.ints(1, -1), m.constant([], [1], "INT32")],
      { num_splits: 2 },
      { outputs: 2 },
    ),
  );
  m.output(m.op("SLICE", [x, m.ints(0, 1, 1), m.ints(2, -1, 2)]));
  const strided = (begin, end, strides, masks = {}) =>
    m.output(
      m.op(
        "STRIDED_SLICE",
        [x, m.ints(...begin), m.ints(...end), m.ints(...strides)],
        {
          begin_mask: 0,
          end_mask: 0,
          ellipsis_mask: 0,
          new_axis_mask: 0,
          shrink_axis_mask: 0,
          ...masks,
        },
      ),
    );
  strided([0, -1, 0], [0, 0, 0], [1, 1, 1], {
    begin_mask: 5,
    end_mask: 5,
    shrink_axis_mask: 2,
  });
  strided([1, 0, 1], [2, 3, 4], [1, 2, 2]);
  strided([0, 2, 3], [0, 0, 0], [1, -1, -2], { begin_mask: 1, end_mask: 7 });
  strided([0, 1], [0, 3], [1, 1], { begin_mask: 1, end_mask: 1 });
  strided([0, 0, 1], [0, 0, 3], [1, 1, 1], {
    ellipsis_mask: 1,
    shrink_axis_mask: 2,
  });
  strided([0, 0, 1], [0, 0, 3], [1, 1, 1], {
    ellipsis_mask: 1,
    new_axis_mask: 2,
  });
  strided([1, 0, 0, 2], [2, 0, 0, 3], [1, 1, 1, 1], {
    new_axis_mask: 2,
    begin_mask: 4,
    end_mask: 4,
    shrink_axis_mask: 9,
  });
  m.output(m.op("SHAPE", [x], { out_type: "INT32" }, { type: "INT32" }));
  m.output(m.op("RANK", [x], {}, { type: "INT32" }));
  m.output(m.op("FILL", [m.ints(2, 2), m.constant([], [1.5])]));
  m.output(m.op("BROADCAST_TO", [m.constant([3, 1]), m.ints(2, 3, 4)]));
  m.output(m.op("TILE", [x, m.ints(1, 2, 1)]));
  m.output(m.op("REVERSE_V2", [x, m.ints(1)]));
  m.output(
    m.op("REVERSE_SEQUENCE", [x, m.ints(2, 3)], { seq_dim: 1, batch_dim: 0 }),
  );
  m.output(m.op("PAD", [x, m.constant([3, 2], [0, 0, 1, 2, 0, 1], "INT32")]));
  m.output(
    m.op("PADV2", [
      x,
      m.constant([3, 2], [0, 1, 0, 0, 2, 0], "INT32"),
      m.constant([1], [9]),
    ]),
  );
  m.output(
    m.op("MIRROR_PAD", [x, m.constant([3, 2], [0, 0, 1, 2, 2, 1], "INT32")], {
      mode: 0,
    }),
  );
  m.output(
    m.op("MIRROR_PAD", [x, m.constant([3, 2], [1, 1, 1, 2, 0, 2], "INT32")], {
      mode: 1,
    }),
  );
  m.output(m.op("ZEROS_LIKE", [x]));
  const image = m.op("RESHAPE", [x, m.ints(1, 2, 3, 4)], {
    new_shape: [1, 2, 3, 4],
  });
  m.output(m.op("DEPTH_TO_SPACE", [image], { block_size: 2 }));
  const large = m.op("RESHAPE", [x, m.ints(1, 4, 2, 3)], {
    new_shape: [1, 4, 2, 3],
  });
  m.output(m.op("SPACE_TO_DEPTH", [large], { block_size: 2 }));
  const batches = m.op("SPACE_TO_BATCH_ND", [
    large,
    m.ints(2, 2),
    m.constant([2, 2], [0, 0, 1, 1], "INT32"),
  ]);
  m.output(batches);
  m.output(
    m.op("BATCH_TO_SPACE_ND", [
      batches,
      m.ints(2, 2),
      m.constant([2, 2], [0, 0, 1, 1], "INT32"),
    ]),
  );
  return m.finish([{ x: m.random([2, 3, 4]) }]);
}

function reducing() {
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

const window = (more) => ({
  padding: "VALID",
  stride_w: 1,
  stride_h: 1,
  fused_activation_function: "NONE",
  dilation_w_factor: 1,
  dilation_h_factor: 1,
  ...more,
});

function convolution() {
  const m = new Maker(4);
  const x = m.input("x", [1, 7, 6, 3]);
  const filter = m.constant([4, 3, 2, 3]);
  const bias = m.constant([4]);
  m.output(
    m.op(
      "CONV_2D",
      [x, filter, bias],
      window({
        padding: "SAME",
        stride_h: 2,
        fused_activation_function: "RELU",
      }),
    ),
  );
  m.output(
    m.op("CONV_2D", [x, filter, bias], window({ dilation_h_factor: 2 })),
  );
  m.output(
    m.op("CONV_2D", [x, m.constant([5, 1, 1, 3]), m.constant([5])], window()),
  );
  const deep = (size) => ({ depth_multiplier: size });
  m.output(
    m.op(
      "DEPTHWISE_CONV_2D",
      [x, m.constant([1, 3, 3, 3]), m.constant([3])],
      window({ padding: "SAME", ...deep(1) }),
    ),
  );
  m.output(
    m.op(
      "DEPTHWISE_CONV_2D",
      [x, m.constant([1, 2, 3, 6]), m.constant([6])],
      window({ stride_w: 2, stride_h: 2, ...deep(2) }),
    ),
  );
  const pool = {
    stride_w: 2,
    stride_h: 2,
    filter_width: 2,
    filter_height: 3,
    fused_activation_function: "NONE",
  };
  for (const padding of ["SAME", "VALID"])
    for (const op of ["AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"])
      m.output(m.op(op, [x], { ...pool, padding }));
  for (const [padding, shape, stride] of [
    ["SAME", [1, 14, 12, 4], 2],
    ["VALID", [1, 15, 12, 4], 2],
    ["SAME", [1, 7, 6, 4], 1],
    ["SAME", [1, 13, 11, 4], 2],
  ])
    m.output(
      m.op(
        "TRANSPOSE_CONV",
        [m.ints(...shape), m.constant([4, 3, 2, 3]), x, bias],
        window({ padding, stride_w: stride, stride_h: stride }),
      ),
    );
  for (const op of ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
    for (const [align_corners, half_pixel_centers] of [
      [false, false],
      [true, false],
      [false, true],
    ])
      m.output(
        m.op(op, [x, m.ints(9, 4)], { align_corners, half_pixel_centers }),
      );
  m.output(
    m.op("LOCAL_RESPONSE_NORMALIZATION", [x], {
      radius: 1,
      bias: 1,
      alpha: 0.5,
      beta: 0.75,
    }),
  );
  return m.finish([{ x: m.random([1, 7, 6, 3]) }]);
}

function dense() {
  const m = new Maker(5);
  const x = m.input("x", [2, 3, 4]);
  const options = (more) => ({
    fused_activation_function: "NONE",
    weights_format: 0,
    keep_num_dims: false,
    ...more,
  });
  m.output(
    m.op(
      "FULLY_CONNECTED",
      [x, m.constant([5, 4]), m.constant([5])],
      options({ keep_num_dims: true, fused_activation_function: "RELU" }),
    ),
  );
  m.output(m.op("FULLY_CONNECTED", [x, m.constant([5, 12]), null], options()));
  m.output(
    m.op(
      "FULLY_CONNECTED",
      [
        x,
        m.op("DEQUANTIZE", [m.constant([3, 4], null, "FLOAT16")]),
        m.constant([3]),
      ],
      options({ fused_activation_function: "RELU6" }),
    ),
  );
  m.output(
    m.op("BATCH_MATMUL", [x, m.constant([4, 2])], {
      adj_x: false,
      adj_y: false,
    }),
  );
  m.output(
    m.op("BATCH_MATMUL", [x, m.op("TRANSPOSE", [x, m.ints(0, 2, 1)])], {
      adj_x: false,
      adj_y: false,
    }),
  );
  m.output(m.op("BATCH_MATMUL", [x, x], { adj_x: false, adj_y: true }));
  m.output(m.op("BATCH_MATMUL", [x, x], { adj_x: true, adj_y: false }));
  return m.finish([{ x: m.random([2, 3, 4]) }], {
    signatures: [
      {
        key: "serving_default",
        inputs: { signal: "x" },
        outputs: { scores: m.outputs[0] },
      },
    ],
  });
}

/** int8 weights beside floats: TensorFlow Lite quantises the activations as well, so it is only near. */
function hybrid() {
  const m = new Maker(6);
  const x = m.input("x", [2, 8]);
  m.output(
    m.op("FULLY_CONNECTED", [x, m.quantized([5, 8], 0.01), m.constant([5])], {
      fused_activation_function: "NONE",
      weights_format: 0,
      keep_num_dims: false,
    }),
  );
  return m.finish([{ x: m.random([2, 8]) }]);
}

export const floats = {
  elementwise,
  shaping,
  reducing,
  convolution,
  dense,
  hybrid,
};
