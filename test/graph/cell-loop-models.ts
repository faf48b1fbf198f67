/*
 * Loops whose bodies are recurrent cells, as converters write them, and bodies that nearly are.
 */
import { type BodyDescription, GraphBuilder } from "../../src/graph/index.js";
import { Random } from "../support/random.js";

export const [I, H, T, B] = [3, 5, 7, 2];

type Builder = GraphBuilder;
/** A body's builder, x[t], the states and names of weights → the new states. */
type Step = (
  b: Pick<Builder, "add" | "addWide" | "constant" | "integers">,
  x: string,
  states: readonly string[],
  weight: (...shape: number[]) => string,
) => string[];

interface Variant {
  readonly step: Step;
  readonly states: number;
  /** Of the layer; null: stays a Loop. */
  readonly type: "LSTM" | "GRU" | "RNN" | null;
}

const hard: (b: Parameters<Step>[0], x: string) => string = (b, x) => {
  const scaled = b.add("Mul", [b.constant(0.2), x]);
  const moved = b.add("Add", [scaled, b.constant(0.5)]);
  const low = b.add("Min", [moved, b.constant(1)]);
  return b.add("Max", [low, b.constant(0)]);
};
const hardOf3: typeof hard = (b, x) => {
  const moved = b.add("Add", [x, b.constant(3)]);
  const clipped = b.add("Clip", [moved, b.constant(0), b.constant(6)]);
  return b.add("Mul", [clipped, b.constant(1 / 6)]);
};
const named =
  (type: string): typeof hard =>
  (b, x) =>
    b.add(type, [x]);

/** x W + h R + b, as separate products. */
function affine(...[b, x, [h], weight]: Parameters<Step>): string {
  const own = b.add("MatMul", [x, weight(I, H)]);
  const biased = b.add("Add", [own, weight(H)]);
  return b.add("Add", [biased, b.add("MatMul", [h!, weight(H, H)])]);
}

const lstm =
  (gate: typeof hard, act: typeof hard, out = act): Step =>
  (b, x, [h, c], weight) => {
    const z = b.add("Gemm", [
      x,
      weight(I, 4 * H),
      b.add("Squeeze", [b.add("MatMul", [h!, weight(H, 4 * H)])]),
    ]);
    const biased = b.add("Add", [z, weight(4 * H)]);
    const [i, f, g, o] = b.addWide("Split", [biased], 4, { axis: 1 });
    const kept = b.add("Mul", [gate(b, f!), c!]);
    const added = b.add("Mul", [gate(b, i!), act(b, g!)]);
    const cell = b.add("Add", [kept, added]);
    return [b.add("Mul", [gate(b, o!), out(b, cell)]), cell];
  };

const gru =
  (gate: typeof hard, act: typeof hard, after: boolean): Step =>
  (b, x, states, weight) => {
    const [h] = states as [string];
    const z = gate(b, affine(b, x, states, weight));
    const r = gate(b, affine(b, x, states, weight));
    const own = b.add("Add", [b.add("MatMul", [x, weight(I, H)]), weight(H)]);
    const hidden = after
      ? b.add("Mul", [
          r,
          b.add("Add", [b.add("MatMul", [h, weight(H, H)]), weight(H)]),
        ])
      : b.add("MatMul", [b.add("Mul", [r, h]), weight(H, H)]);
    const candidate = act(b, b.add("Add", [own, hidden]));
    const rest = b.add("Sub", [b.constant(1), z]);
    return [
      b.add("Add", [b.add("Mul", [z, h]), b.add("Mul", [rest, candidate])]),
    ];
  };

const [tanh, sigmoid, relu] = ["Tanh", "Sigmoid", "Relu"].map(named) as [
  typeof hard,
  typeof hard,
  typeof hard,
];

export const variants: Record<string, Variant> = {
  "a GRU, reset before": {
    type: "GRU",
    states: 1,
    step: gru(sigmoid, tanh, false),
  },
  "a GRU, reset after": {
    type: "GRU",
    states: 1,
    step: gru(sigmoid, tanh, true),
  },
  "a GRU of hard sigmoids and relu": {
    type: "GRU",
    states: 1,
    step: gru(hard, relu, true),
  },
  "an LSTM": { type: "LSTM", states: 2, step: lstm(sigmoid, tanh) },
  "an LSTM with relu": { type: "LSTM", states: 2, step: lstm(sigmoid, relu) },
  "an LSTM of Keras 3's hard sigmoids": {
    type: "LSTM",
    states: 2,
    step: lstm(hardOf3, tanh, named("Softsign")),
  },
  "an RNN": {
    type: "RNN",
    states: 1,
    step: (...all) => [tanh(all[0], affine(...all))],
  },
  "an RNN with relu and ones for its dropout": {
    type: "RNN",
    states: 1,
    step: (b, x, ...all) => {
      const shape = b.add("Shape", [x]);
      const ones = b.add("Expand", [b.constant(1), shape]);
      return [relu(b, affine(b, b.add("Mul", [x, ones]), ...all))];
    },
  },
  "no cell: the update gate is 2 - z": {
    type: null,
    states: 1,
    step: (b, x, states, weight) => {
      const z = sigmoid(b, affine(b, x, states, weight));
      const g = tanh(b, affine(b, x, states, weight));
      const rest = b.add("Sub", [b.constant(2), z]);
      return [
        b.add("Add", [b.add("Mul", [z, states[0]!]), b.add("Mul", [rest, g])]),
      ];
    },
  },
  "no cell: gates of different functions": {
    type: null,
    states: 2,
    step: (b, x, [h, c], weight) => {
      const [i, f, g, o] = [0, 1, 2, 3].map(() =>
        affine(b, x, [h!], weight),
      ) as [string, string, string, string];
      const cell = b.add("Add", [
        b.add("Mul", [sigmoid(b, f), c!]),
        b.add("Mul", [sigmoid(b, i), tanh(b, g)]),
      ]);
      return [b.add("Mul", [hard(b, o), tanh(b, cell)]), cell];
    },
  },
  "no cell: h is squared": {
    type: null,
    states: 1,
    step: (b, x, [h], weight) => [
      tanh(b, affine(b, x, [b.add("Mul", [h!, h!])], weight)),
    ],
  },
  "no cell: a residual sum": {
    type: null,
    states: 1,
    step: (b, x, all, weight) => [
      b.add("Add", [all[0]!, tanh(b, affine(b, x, all, weight))]),
    ],
  },
};

export interface Counting {
  /** Below which the counter stays, compared as floats. */
  readonly limit: number | "T";
  readonly most: number;
  readonly start: number;
  /** A state that is a list, of which each iteration replaces one. */
  readonly list?: "L";
  /** Entries further on than the step. */
  readonly further?: number;
  /** What is written is another state's, or h twice as large. */
  readonly other?: boolean;
}

/** `list` with `item` in the place t, as TensorFlow Lite's converter writes it. */
function replaced(b: Builder, list: string, t: string, item: string): string {
  const int32 = (numbers: readonly number[], shape = [numbers.length]) =>
    b.constant({ dtype: "int32", shape, data: Float64Array.from(numbers) });
  const vector = (x: string, rest: readonly number[]) =>
    b.add("Concat", [b.add("Reshape", [x, int32([1])]), int32(rest)], {
      axis: 0,
    });
  const slice = (begin: string, size: string) => {
    const end = b.add("Add", [begin, size]);
    const open = b.add("Equal", [size, int32([-1], [])]);
    const ends = b.add("Where", [open, int32([2 ** 31 - 1], []), end]);
    return b.add("Slice", [list, begin, ends]);
  };
  const next = b.add("Add", [t, int32([1], [])]);
  const parts = [
    slice(int32([0, 0, 0]), vector(t, [-1, -1])),
    b.add("Unsqueeze", [item], { axes: [0] }),
    slice(vector(next, [0, 0]), int32([-1, -1, -1])),
  ];
  return b.add("Cast", [b.add("Concat", parts, { axis: 0 })], {
    to: "float32",
  });
}

export function build(
  { step, states }: Variant,
  { limit, most, start, list, further = 0, other }: Counting,
) {
  const random = new Random(9);
  const builder = new GraphBuilder();
  const x = builder.input("x", ["T", "B", I]);
  const initial = Array.from({ length: states }, (_, i) =>
    builder.input(`s${i}`, ["B", H]),
  );
  const going = builder.input("going", [], "bool");
  const integer = (n: number) =>
    builder.constant({
      dtype: "int32",
      shape: [],
      data: Float64Array.of(n),
    });
  const weight = (...shape: number[]) => builder.constant(random.tensor(shape));
  const axes = builder.integers([0]);
  const end =
    limit === "T"
      ? builder.add("Squeeze", [
          builder.add("Slice", [
            builder.add("Cast", [builder.add("Shape", [x])], { to: "int32" }),
            axes,
            builder.integers([1]),
            axes,
          ]),
          axes,
        ])
      : integer(limit);
  const names = ["i", "cond", "t", ...initial.map((_, k) => `state${k}`)];
  if (list !== undefined) {
    initial.push(builder.input("list", [list, "B", H]));
    names.push("list");
  }
  const body: BodyDescription = builder.body(names, (b, inputs) => {
    const [, , t, ...all] = inputs as [string, string, string, ...string[]];
    const own = all.slice(0, states);
    const taken = b.add("Gather", [x, b.add("Unsqueeze", [t, axes])]);
    const xt = b.add("Squeeze", [taken, axes]);
    const next = step(b as never, xt, own, weight);
    const one = b.constant({
      dtype: "int32",
      shape: [],
      data: Float64Array.of(1),
    });
    const t1 = b.add("Add", [t, one]);
    const cond = b.add("Less", [
      b.add("Cast", [t1], { to: "float32" }),
      b.add("Cast", [end], { to: "float32" }),
    ]);
    if (list === undefined) return [cond, t1, ...next, next[0]!];
    const place = further
      ? b.add("Add", [
          t,
          b.constant({
            dtype: "int32",
            shape: [],
            data: Float64Array.of(further),
          }),
        ])
      : t;
    const item = other ? b.add("Add", [next[0]!, next[0]!]) : next[0]!;
    return [
      cond,
      t1,
      ...next,
      replaced(b as Builder, all[states]!, place, item),
    ];
  });
  const outputs = builder.addWide(
    "Loop",
    [
      list === undefined ? builder.integers([most], []) : "",
      going,
      integer(start),
      ...initial,
    ],
    2 + states,
    { body },
  );
  outputs.forEach((name, i) => builder.output(name, { name: `out${i}` }));
  return builder;
}

export const whole: Counting = { limit: "T", most: 1e9, start: 0 };

export function given(states: number, going = 1, list = 0) {
  const random = new Random(2);
  return {
    x: random.tensor([T, B, I]),
    going: { shape: [], data: Float32Array.of(going) },
    ...Object.fromEntries(
      Array.from({ length: states }, (_, i) => [
        `s${i}`,
        random.tensor([B, H]),
      ]),
    ),
    ...(list && { list: random.tensor([list, B, H]) }),
  };
}
