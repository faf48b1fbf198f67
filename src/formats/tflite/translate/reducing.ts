/*
 * Operators that reduce, gather, scatter or sort.
 */
import { dtypeOf } from "../constants.js";
import type { Call, Translate } from "./call.js";
import { integerType } from "./elementwise.js";
import { sameScale } from "./moved.js";

/** Over the axes in the second input, which may be a single number. */
const reduced =
  (type: string): Translate =>
  (call) => {
    const axes = call.list(1);
    const keepdims = call.options.bool("keep_dims") ? 1 : 0;
    // without axes, ONNX's would reduce all
    const noop_with_empty_axes = 1;
    call.give(
      call.emit(type, [call.real()], { axes, keepdims, noop_with_empty_axes }),
    );
  };

/** For truth values, as 0 and 1. */
const truths =
  (type: "ReduceMax" | "ReduceMin"): Translate =>
  (call) => {
    const numbers = call.emit("Cast", [call.real()], { to: "int32" });
    const axes = call.list(1);
    const keepdims = call.options.bool("keep_dims") ? 1 : 0;
    const result = call.emit(type, [numbers], { axes, keepdims });
    call.give(call.emit("Cast", [result], { to: "bool" }));
  };

const argument =
  (type: "ArgMax" | "ArgMin"): Translate =>
  (call) => {
    const [axis = 0] = call.list(1);
    const index = call.emit(type, [call.stored()], { axis, keepdims: 0 });
    const to = integerType(call, "output_type");
    call.give(call.emit("Cast", [index], { to }));
  };

/** Indices as int32 or int64, which the graph needs. */
function indices(call: Call, input: number): string {
  const { type } = call.tensor(input);
  const value = call.stored(input);
  if (type === "INT32" || type === "INT64") return value;
  return call.emit("Cast", [value], { to: "int32" });
}

/** The value of an input, and how to set the output: as integers if the scales are the same, otherwise as floats. */
function source(call: Call, input: number) {
  const exact = sameScale(call, input);
  return {
    x: exact ? call.stored(input) : call.real(input),
    give: (value: string) =>
      exact ? call.giveStored(value) : call.give(value),
  };
}

const gather: Translate = (call) => {
  const { options } = call;
  const { x, give } = source(call, 0);
  const rank = call.tensor(0).shape.length;
  const given = options.int("axis");
  const axis = given < 0 ? given + rank : given;
  const batch = options.int("batch_dims");
  const own = batch < 0 ? batch + call.tensor(1).shape.length : batch;
  if (!own) return give(call.emit("Gather", [x, indices(call, 1)], { axis }));
  if (axis !== own)
    throw call.refuse(
      `expected batch_dims as many as axis ${axis}, got ${own}`,
    );
  const wide = call.emit("Unsqueeze", [indices(call, 1)], { axes: [-1] });
  const long = call.emit("Cast", [wide], { to: "int64" });
  give(call.emit("GatherND", [x, long], { batch_dims: own }));
};

const embedding: Translate = (call) => {
  const { x, give } = source(call, 1);
  give(call.emit("Gather", [x, indices(call, 0)], { axis: 0 }));
};

const gatherNd: Translate = (call) => {
  const { x, give } = source(call, 0);
  const long = call.emit("Cast", [call.real(1)], { to: "int64" });
  give(call.emit("GatherND", [x, long]));
};

/** Adds the updates into zeros. */
const scatterNd: Translate = (call) => {
  const long = call.emit("Cast", [call.real(0)], { to: "int64" });
  const updates = call.real(1);
  const dtype = dtypeOf(call.tensor(1).type) ?? "float32";
  const data = dtype === "float32" ? new Float32Array(1) : new Float64Array(1);
  const zero = call.builder.constant({ dtype, shape: [], data });
  const room = call.emit("Expand", [zero, call.real(2)]);
  call.give(
    call.emit("ScatterND", [room, long, updates], { reduction: "add" }),
  );
};

const topK: Translate = (call) => {
  const [k = 1] = call.list(1);
  const [values, places] = call.emitWide(
    "TopK",
    [call.real(), call.builder.integers([k])],
    2,
    { axis: -1 },
  ) as [string, string];
  call.give(values);
  if (call.outputCount > 1)
    call.give(call.emit("Cast", [places], { to: "int32" }), 1);
};

const cumsum: Translate = (call) => {
  const { options } = call;
  const [axis = 0] = call.list(1);
  call.give(
    call.emit("CumSum", [call.real(), call.builder.integers([axis], [])], {
      exclusive: options.bool("exclusive") ? 1 : 0,
      reverse: options.bool("reverse") ? 1 : 0,
    }),
  );
};

/** The indices of true values, one row each. */
const where: Translate = (call) => {
  const found = call.emit("NonZero", [call.real()]);
  call.give(call.emit("Transpose", [found], { perm: [1, 0] }));
};

const range: Translate = (call) => {
  call.give(call.emit("Range", [call.real(0), call.real(1), call.real(2)]));
};

/** Inputs: indices, depth, the value for the index and the value for all others. */
const oneHot: Translate = (call) => {
  const axis = call.options.int("axis");
  const flat = (input: number) =>
    call.emit("Reshape", [call.real(input)], { shape: [1] });
  const values = call.emit("Concat", [flat(3), flat(2)], { axis: 0 });
  call.give(
    call.emit("OneHot", [indices(call, 0), call.real(1), values], { axis }),
  );
};

export const reducing: Readonly<Record<string, Translate>> = {
  MEAN: reduced("ReduceMean"),
  SUM: reduced("ReduceSum"),
  REDUCE_PROD: reduced("ReduceProd"),
  REDUCE_MAX: reduced("ReduceMax"),
  REDUCE_MIN: reduced("ReduceMin"),
  REDUCE_ANY: truths("ReduceMax"),
  REDUCE_ALL: truths("ReduceMin"),
  ARG_MAX: argument("ArgMax"),
  ARG_MIN: argument("ArgMin"),
  GATHER: gather,
  EMBEDDING_LOOKUP: embedding,
  GATHER_ND: gatherNd,
  SCATTER_ND: scatterNd,
  TOPK_V2: topK,
  CUMSUM: cumsum,
  WHERE: where,
  RANGE: range,
  ONE_HOT: oneHot,
};
