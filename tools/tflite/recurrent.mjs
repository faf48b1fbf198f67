// @ts-nocheck: see runner.mjs.

/* Recurrent operators, loops and variables: two or three runs each, as what is kept lives on between them. */
import { Maker } from "./maker.mjs";

const [B, T, I, H] = [2, 5, 3, 6];

/** Inputs of one direction, x and what follows; states are the last two, or come later. */
function lstmWeights(
  m,
  {
    input = I,
    units = H,
    output = units,
    cifg,
    peepholes,
    projection,
    projectionBias,
  },
) {
  const gate = (shape) => [
    cifg ? null : m.constant(shape),
    m.constant(shape),
    m.constant(shape),
    m.constant(shape),
  ];
  const peephole = () => (peepholes ? m.constant([units]) : null);
  return [
    ...gate([units, input]),
    ...gate([units, output]),
    cifg ? null : peephole(),
    peephole(),
    peephole(),
    ...gate([units]),
    projection ? m.constant([output, units]) : null,
    projectionBias ? m.constant([output]) : null,
  ];
}

const lstmOptions = (more) => ({
  fused_activation_function: "TANH",
  cell_clip: 0,
  proj_clip: 0,
  time_major: false,
  ...more,
});

const unidirectional =
  (how, more = {}, seed = 1, scale = 1) =>
  () => {
    const m = new Maker(seed);
    const shape = more.time_major ? [T, B, I] : [B, T, I];
    const x = m.input("x", shape);
    const output = how.output ?? H;
    const inputs = [
      x,
      ...lstmWeights(m, how),
      m.variable([B, output]),
      m.variable([B, H]),
    ];
    if (how.norm)
      inputs.push(
        how.cifg ? null : m.constant([H]),
        m.constant([H]),
        m.constant([H]),
        m.constant([H]),
      );
    m.output(m.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, lstmOptions(more)));
    return m.finish([
      { x: m.random(shape, scale) },
      { x: m.random(shape, scale) },
    ]);
  };

const bidirectional =
  (how, more = {}, seed = 1) =>
  () => {
    const m = new Maker(seed);
    const shape = more.time_major ? [T, B, I] : [B, T, I];
    const x = m.input("x", shape);
    const output = how.output ?? H;
    const states = Array.from({ length: 2 }, () => [
      m.variable([B, output]),
      m.variable([B, H]),
    ]).flat();
    const auxiliary = how.auxiliary
      ? [
          m.input("aux", shape),
          ...Array.from({ length: 8 }, () => m.constant([H, I])),
        ]
      : Array.from({ length: 9 }, () => null);
    const inputs = [
      x,
      ...lstmWeights(m, how),
      ...lstmWeights(m, how),
      ...states,
      ...auxiliary,
    ];
    const merged = more.merge_outputs ?? false;
    const outputs = m.op(
      "BIDIRECTIONAL_SEQUENCE_LSTM",
      inputs,
      { ...lstmOptions(more), merge_outputs: merged },
      { outputs: merged ? 1 : 2 },
    );
    m.output(...[outputs].flat());
    const given = () => ({
      x: m.random(shape),
      ...(how.auxiliary && { aux: m.random(shape) }),
    });
    return m.finish([given(), given()]);
  };

const rnn =
  (activation, timeMajor = false) =>
  () => {
    const m = new Maker(9);
    const shape = timeMajor ? [T, B, I] : [B, T, I];
    const x = m.input("x", shape);
    const inputs = [
      x,
      m.constant([H, I]),
      m.constant([H, H], m.random([H, H], 0.4)),
      m.constant([H]),
      m.variable([B, H]),
    ];
    m.output(
      m.op("UNIDIRECTIONAL_SEQUENCE_RNN", inputs, {
        time_major: timeMajor,
        fused_activation_function: activation,
      }),
    );
    return m.finish([{ x: m.random(shape) }, { x: m.random(shape) }]);
  };

function birnn() {
  const m = new Maker(10);
  const x = m.input("x", [B, T, I]);
  const half = () => [
    m.constant([H, I]),
    m.constant([H, H], m.random([H, H], 0.4)),
    m.constant([H]),
    m.variable([B, H]),
  ];
  m.output(
    m.op(
      "BIDIRECTIONAL_SEQUENCE_RNN",
      [x, ...half(), ...half(), null, null, null],
      {
        time_major: false,
        fused_activation_function: "RELU",
        merge_outputs: true,
      },
    ),
  );
  return m.finish([{ x: m.random([B, T, I]) }, { x: m.random([B, T, I]) }]);
}

function steps() {
  const m = new Maker(11);
  const x = m.input("x", [B, I]);
  m.output(
    m.op(
      "RNN",
      [
        x,
        m.constant([H, I]),
        m.constant([H, H]),
        m.constant([H]),
        m.variable([B, H]),
      ],
      { fused_activation_function: "TANH" },
    ),
  );
  const state = [m.variable([B, H]), m.variable([B, H])];
  m.output(
    m.op("LSTM", [x, ...lstmWeights(m, { peepholes: true }), ...state], {
      fused_activation_function: "TANH",
      cell_clip: 0,
      proj_clip: 0,
      kernel_type: 0,
    }),
  );
  for (const [rank, activation] of [
    [1, "NONE"],
    [2, "RELU"],
  ])
    m.output(
      m.op(
        "SVDF",
        [
          x,
          m.constant([4, I]),
          m.constant([4, 3]),
          m.constant([4 / rank]),
          m.variable([B, 12]),
        ],
        { rank, fused_activation_function: activation },
      ),
    );
  return m.finish([1, 2, 3, 4, 5].map(() => ({ x: m.random([B, I]) })));
}

/** A sum that grows until it is above a limit, and what an If makes of it. */
function control() {
  const m = new Maker(12);
  const x = m.input("x", [1, 2]);
  const tensor = (name, shape, type = "FLOAT32", data) => ({
    name,
    shape,
    type,
    data,
  });
  const add = { fused_activation_function: "NONE" };
  m.bodies.push(
    {
      tensors: [
        tensor("c/i", [1], "INT32"),
        tensor("c/x", [1, 2]),
        tensor("c/n", [1], "INT32", [4]),
        tensor("c/less", [1], "BOOL"),
      ],
      inputs: ["c/i", "c/x"],
      outputs: ["c/less"],
      operators: [{ op: "LESS", inputs: ["c/i", "c/n"], outputs: ["c/less"] }],
    },
    {
      tensors: [
        tensor("b/i", [1], "INT32"),
        tensor("b/x", [1, 2]),
        tensor("b/one", [1], "INT32", [1]),
        tensor("b/w", [2, 2], "FLOAT32", m.random([2, 2])),
        tensor("b/next", [1], "INT32"),
        tensor("b/y", [1, 2]),
      ],
      inputs: ["b/i", "b/x"],
      outputs: ["b/next", "b/y"],
      operators: [
        {
          op: "ADD",
          inputs: ["b/i", "b/one"],
          outputs: ["b/next"],
          options: add,
        },
        {
          op: "FULLY_CONNECTED",
          inputs: ["b/x", "b/w", null],
          outputs: ["b/y"],
          options: {
            fused_activation_function: "NONE",
            weights_format: 0,
            keep_num_dims: false,
          },
        },
      ],
    },
    {
      tensors: [tensor("t/x", [1, 2]), tensor("t/y", [1, 2])],
      inputs: ["t/x"],
      outputs: ["t/y"],
      operators: [{ op: "EXP", inputs: ["t/x"], outputs: ["t/y"] }],
    },
    {
      tensors: [tensor("e/x", [1, 2]), tensor("e/y", [1, 2])],
      inputs: ["e/x"],
      outputs: ["e/y"],
      operators: [{ op: "NEG", inputs: ["e/x"], outputs: ["e/y"] }],
    },
  );
  const [count, y] = m.op(
    "WHILE",
    [m.constant([1], [0], "INT32"), x],
    { cond_subgraph_index: 1, body_subgraph_index: 2 },
    { outputs: 2, type: ["INT32", "FLOAT32"] },
  );
  m.output(count, y);
  const total = m.op("SUM", [x, m.ints(0, 1)], { keep_dims: false });
  const isPositive = m.op(
    "GREATER",
    [total, m.constant([], [0])],
    {},
    { type: "BOOL" },
  );
  m.output(
    m.op("IF", [isPositive, y], {
      then_subgraph_index: 3,
      else_subgraph_index: 4,
    }),
  );
  return m.finish([{ x: [1, 0.5] }, { x: [-1, 0.25] }]);
}

/** A variable that a first run fills, and each run adds to. */
function variables() {
  const m = new Maker(13);
  const x = m.input("x", [1, 3]);
  const resource = { type: "RESOURCE" };
  const name = { container: "", shared_name: "total" };
  m.bodies.push({
    tensors: [
      { name: "i/handle", shape: [], type: "RESOURCE" },
      { name: "i/dims", shape: [2], type: "INT32", data: [1, 3] },
      { name: "i/half", shape: [], type: "FLOAT32", data: [0.5] },
      { name: "i/value", shape: [1, 3], type: "FLOAT32" },
    ],
    inputs: [],
    outputs: [],
    operators: [
      { op: "VAR_HANDLE", inputs: [], outputs: ["i/handle"], options: name },
      { op: "FILL", inputs: ["i/dims", "i/half"], outputs: ["i/value"] },
      { op: "ASSIGN_VARIABLE", inputs: ["i/handle", "i/value"], outputs: [] },
    ],
  });
  m.operators.push({
    op: "CALL_ONCE",
    inputs: [],
    outputs: [],
    options: { init_subgraph_index: 1 },
  });
  const handle = m.op("VAR_HANDLE", [], name, resource);
  const before = m.op("READ_VARIABLE", [handle]);
  const after = m.op("ADD", [before, x], { fused_activation_function: "NONE" });
  m.operators.push({
    op: "ASSIGN_VARIABLE",
    inputs: [handle, after],
    outputs: [],
  });
  m.output(m.op("NEG", [after]));
  return m.finish([1, 2, 3].map(() => ({ x: m.random([1, 3]) })));
}

export const recurrent = {
  lstm: unidirectional({}),
  "lstm-clip": unidirectional({}, { cell_clip: 0.4 }, 2, 3),
  "lstm-time-major-cifg": unidirectional(
    { cifg: true, peepholes: true },
    { time_major: true },
    3,
  ),
  "lstm-peepholes-projection": unidirectional(
    { peepholes: true, projection: true, output: 4 },
    {},
    4,
  ),
  "lstm-projection-bias-clip": unidirectional(
    { projection: true, projectionBias: true, output: 4 },
    { proj_clip: 0.7 },
    5,
  ),
  "lstm-layer-norm": unidirectional(
    { norm: true, peepholes: true, cifg: true },
    {},
    6,
  ),
  bilstm: bidirectional({}, { merge_outputs: true, time_major: true }, 7),
  "bilstm-auxiliary": bidirectional({ auxiliary: true }, { cell_clip: 0.5 }, 8),
  rnn: rnn("TANH"),
  "rnn-relu6": rnn("RELU6", true),
  birnn,
  steps,
  control,
  variables,
};
