/*
 * Operators that give the same numbers another shape or order, repeat them, or tell the shape.
 */
import { dtypeOf, sizeIn } from "../constants.js";
import type { Translate } from "./call.js";
import { integerType } from "./elementwise.js";
import { moved } from "./moved.js";

/** To the shape in the second input, else that of the options. TensorFlow's 0 is a size of 0. */
const reshape = moved((call, x) => {
  const allowzero = 1;
  if (call.has(1)) {
    const known = call.known(1);
    // a shape of one number, 0, stands for none: a scalar, as older converters wrote it
    if (!(known?.data.length === 1 && known.data[0] === 0))
      return call.emit("Reshape", [x, call.real(1)], { allowzero });
    return call.emit("Reshape", [x], { shape: [] });
  }
  const shape = call.options.ints("new_shape") ?? call.target().shape;
  return call.emit("Reshape", [x], { shape, allowzero });
});

const squeeze = moved((call, x) => {
  const axes = call.options.ints("squeeze_dims");
  return call.emit("Squeeze", [x], axes?.length ? { axes } : {});
});

const expandDims = moved((call, x) =>
  call.emit("Unsqueeze", [x], { axes: call.list(1) }),
);

const transpose = moved((call, x) =>
  call.emit("Transpose", [x], { perm: call.list(1) }),
);

const shape: Translate = (call) => {
  const sizes = call.emit("Shape", [call.stored()]);
  call.give(call.emit("Cast", [sizes], { to: integerType(call, "out_type") }));
};

const rank: Translate = (call) => {
  const sizes = call.emit("Shape", [call.emit("Shape", [call.stored()])]);
  const number = call.emit("Squeeze", [sizes], { axes: [0] });
  call.give(call.emit("Cast", [number], { to: "int32" }));
};

const fill: Translate = (call) => {
  call.give(call.emit("Expand", [call.real(1), call.real(0)]));
};

const broadcastTo = moved((call, x) => call.emit("Expand", [x, call.real(1)]));

const tile = moved((call, x) => call.emit("Tile", [x, call.real(1)]));

const reverse = moved((call, x) => {
  const axes = call.list(1);
  return call.emit("Slice", [x], {
    starts: axes.map(() => -1),
    ends: axes.map(() => -Infinity),
    axes,
    steps: axes.map(() => -1),
  });
});

const reverseSequence = moved((call, x) => {
  const { options } = call;
  const lengths = call.emit("Cast", [call.real(1)], { to: "int64" });
  return call.emit("ReverseSequence", [x, lengths], {
    time_axis: options.int("seq_dim"),
    batch_axis: options.int("batch_dim"),
  });
});

const zerosLike: Translate = (call) => {
  const dtype = dtypeOf(call.target().type);
  if (!dtype) throw call.refuse(`expected numbers, got ${call.target().type}`);
  const size = sizeIn([], "");
  const data =
    dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
  const zero = call.builder.constant({ dtype, shape: [], data });
  call.give(call.emit("Expand", [zero, call.emit("Shape", [call.stored()])]));
};

export const shaping: Readonly<Record<string, Translate>> = {
  RESHAPE: reshape,
  SQUEEZE: squeeze,
  EXPAND_DIMS: expandDims,
  TRANSPOSE: transpose,
  SHAPE: shape,
  RANK: rank,
  FILL: fill,
  BROADCAST_TO: broadcastTo,
  TILE: tile,
  REVERSE_V2: reverse,
  REVERSE_SEQUENCE: reverseSequence,
  ZEROS_LIKE: zerosLike,
};
