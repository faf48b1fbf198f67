/*
 * Operators that give the same numbers another shape, or put them in other places.
 */
import { dtypeOf, sizeIn } from "../constants.js";
import type { Call, Translate } from "./call.js";
import { integerType } from "./elementwise.js";

/** What an operator does, told the values of its inputs. */
type Move = (call: Call, x: string) => string;

/** The numbers are those of the first input, integers as they are where both stand for the same. */
const moved =
  (move: Move): Translate =>
  (call) => {
    if (sameScale(call)) call.giveStored(move(call, call.stored()));
    else call.give(move(call, call.real()));
  };

/** Whether integers of the first input mean in the output what they mean there. */
export function sameScale(call: Call, input = 0): boolean {
  const { scope } = call;
  const [from, to] = [call.tensor(input), call.target()];
  if (!scope.isQuantized(from) || !scope.isQuantized(to)) return false;
  const [a, b] = [from.quantization, to.quantization];
  return (
    from.type === to.type &&
    a?.scales.length === 1 &&
    b?.scales.length === 1 &&
    a.scales[0] === b.scales[0] &&
    a.zeros[0] === b.zeros[0]
  );
}

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

const slice = moved((call, x) => {
  const [begin, size] = [call.known(1), call.known(2)];
  if (begin && size) {
    const ends = Array.from(size.data, (n, i) =>
      n === -1 ? Infinity : n + (begin.data[i] as number),
    );
    return call.emit("Slice", [x], { starts: [...begin.data], ends });
  }
  const starts = call.real(1);
  const end = call.emit("Add", [starts, call.real(2)]);
  const { type } = call.tensor(2);
  const dtype = dtypeOf(type) as "int32";
  const number = (n: number) =>
    call.builder.constant({ dtype, shape: [], data: Float64Array.of(n) });
  const isRest = call.emit("Equal", [call.real(2), number(-1)]);
  const ends = call.emit("Where", [isRest, number(2 ** 31 - 1), end]);
  return call.emit("Slice", [x, starts, ends]);
});

const concatenation: Translate = (call) => {
  const axis = call.options.int("axis");
  const all = Array.from({ length: call.inputCount }, (_, i) => i);
  if (call.fused === "NONE" && all.every((i) => sameScale(call, i)))
    return call.giveStored(
      call.emit(
        "Concat",
        all.map((i) => call.stored(i)),
        { axis },
      ),
    );
  const joined = call.emit(
    "Concat",
    all.map((i) => call.real(i)),
    { axis },
  );
  call.give(call.activated(joined));
};

/** Values beside each other on a new axis, counted in the result. */
const pack: Translate = (call) => {
  const axis = call.options.int("axis");
  const all = Array.from({ length: call.inputCount }, (_, i) => i);
  const exact = all.every((i) => sameScale(call, i));
  const wide = all.map((i) =>
    call.emit("Unsqueeze", [exact ? call.stored(i) : call.real(i)], {
      axes: [axis],
    }),
  );
  const joined = call.emit("Concat", wide, { axis });
  if (exact) call.giveStored(joined);
  else call.give(joined);
};

/** The parts of a split, with the integers of what they are parts of where these mean the same. */
function giveParts(call: Call, input: number, split: (x: string) => string[]) {
  const exact = sameScale(call, input);
  const parts = split(exact ? call.stored(input) : call.real(input));
  parts.forEach((part, i) =>
    exact ? call.giveStored(part, i) : call.give(part, i),
  );
}

const unpack: Translate = (call) => {
  const axis = call.options.int("axis");
  giveParts(call, 0, (x) =>
    call
      .emitWide("Split", [x], call.outputCount, { axis })
      .map((part) => call.emit("Squeeze", [part], { axes: [axis] })),
  );
};

/** The axis is the first input. */
const split: Translate = (call) => {
  const [axis] = call.list(0);
  giveParts(call, 1, (x) =>
    call.emitWide("Split", [x], call.outputCount, { axis }),
  );
};

/** Sizes of the parts, one of which may be -1: what is left. */
const splitV: Translate = (call) => {
  const [axis = 0] = call.list(2);
  const sizes = call.list(1);
  const { shape } = call.tensor(0);
  const whole = shape[axis < 0 ? axis + shape.length : axis] ?? 0;
  const known = sizes.reduce((sum, n) => sum + Math.max(0, n), 0);
  const own = sizes.map((n) => (n === -1 ? whole - known : n));
  giveParts(call, 0, (x) =>
    call.emitWide("Split", [x], call.outputCount, { axis, split: own }),
  );
};

const bit = (mask: number, i: number): boolean => ((mask >> i) & 1) === 1;

/** NumPy's x[begin:end:strides], with new axes, axes that go, and an ellipsis. */
const stridedSlice = moved((call, x) => {
  const { options } = call;
  const mask = (name: string) => options.int(`${name}_mask`);
  const [begins, ends, strides] = [call.known(1), call.known(2), call.known(3)];
  const specs =
    (begins ?? ends ?? strides)?.data.length ?? call.tensor(1).shape[0] ?? 0;
  const rank = call.tensor(0).shape.length;
  if (!begins || !ends || !strides) return computedSlice(call, x, specs);
  const masks = {
    begin: mask("begin"),
    end: mask("end"),
    ellipsis: mask("ellipsis"),
    fresh: mask("new_axis"),
    shrink: mask("shrink_axis"),
  };
  const starts: number[] = [];
  const stops: number[] = [];
  const axes: number[] = [];
  const steps: number[] = [];
  const gone: number[] = [];
  const added: number[] = [];
  const fresh = Array.from({ length: specs }, (_, i) => i).filter(
    (i) => bit(masks.fresh, i) && !bit(masks.ellipsis, i),
  ).length;
  let axis = 0; // of x
  let out = 0; // of the result with the axes that go still there
  for (let i = 0; i < specs; i++) {
    if (bit(masks.ellipsis, i)) {
      const rest = Math.max(0, rank - (specs - 1 - fresh));
      axis += rest;
      out += rest;
      continue;
    }
    if (bit(masks.fresh, i)) {
      added.push(out++);
      continue;
    }
    const [start, step] = [begins.data[i] as number, strides.data[i] as number];
    const stop =
      (ends.data[i] as number) + (options.bool("offset") ? start : 0);
    axes.push(axis);
    if (bit(masks.shrink, i)) {
      starts.push(start);
      stops.push(start === -1 ? Infinity : start + 1);
      steps.push(1);
      gone.push(out);
    } else {
      starts.push(bit(masks.begin, i) ? (step < 0 ? Infinity : 0) : start);
      stops.push(bit(masks.end, i) ? (step < 0 ? -Infinity : Infinity) : stop);
      steps.push(step);
    }
    axis++;
    out++;
  }
  let y = axes.length
    ? call.emit("Slice", [x], { starts, ends: stops, axes, steps })
    : x;
  if (added.length) y = call.emit("Unsqueeze", [y], { axes: added });
  if (gone.length) y = call.emit("Squeeze", [y], { axes: gone });
  return y;
});

/** Where begin or end are computed: what exporters write of x[i] and x[a:b], no new axes and no ellipsis. */
function computedSlice(call: Call, x: string, specs: number): string {
  const { options } = call;
  const shrink = options.int("shrink_axis_mask");
  const odd =
    options.int("ellipsis_mask") ||
    options.int("new_axis_mask") ||
    options.bool("offset");
  const strides = call.list(3);
  if (odd || strides.some((step) => step < 0))
    throw call.refuse(
      "expected begin and end to be constants, got a value that is computed",
    );
  const { type } = call.tensor(1);
  const dtype = dtypeOf(type) as "int32";
  const vector = (of: (i: number) => number) =>
    call.builder.constant({
      dtype,
      shape: [specs],
      data: Float64Array.from({ length: specs }, (_, i) => of(i)),
    });
  const flags = (mask: number) =>
    call.builder.constant({
      dtype: "bool",
      shape: [specs],
      data: Float64Array.from({ length: specs }, (_, i) =>
        Number(bit(mask, i)),
      ),
    });
  const begin = call.real(1);
  // one more than -1 would be the start
  const one = call.emit("Add", [begin, vector(() => 1)]);
  const isLast = call.emit("Equal", [begin, vector(() => -1)]);
  const next = call.emit("Where", [isLast, vector(() => 2 ** 31 - 1), one]);
  const kept = call.emit("Where", [flags(shrink), next, call.real(2)]);
  const starts = call.emit("Where", [
    flags(options.int("begin_mask") & ~shrink),
    vector(() => 0),
    begin,
  ]);
  const ends = call.emit("Where", [
    flags(options.int("end_mask") & ~shrink),
    vector(() => 2 ** 31 - 1),
    kept,
  ]);
  const axes = vector((i) => i);
  const steps = vector((i) => strides[i] ?? 1);
  const y = call.emit("Slice", [x, starts, ends, axes, steps]);
  const gone = strides.flatMap((_, i) => (bit(shrink, i) ? [i] : []));
  return gone.length ? call.emit("Squeeze", [y], { axes: gone }) : y;
}

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

/** Blocks of each place's features, DCR in ONNX's words; features last here, second there. */
const blocks = (type: "SpaceToDepth" | "DepthToSpace") =>
  moved((call, x) => {
    const blocksize = call.options.int("block_size");
    const turned = call.emit("Transpose", [x], { perm: [0, 3, 1, 2] });
    const y = call.emit(type, [turned], { blocksize });
    return call.emit("Transpose", [y], { perm: [0, 2, 3, 1] });
  });

/** Blocks of places become batches, which is how older converters dilate a convolution. */
const spaceToBatch = moved((call, x) => {
  const [block, pads] = [call.list(1), call.list(2)];
  const { shape: given } = call.tensor(0);
  const axes = block.map((_, i) => i + 1);
  const [before, behind] = [0, 1].map((side) =>
    block.map((_, i) => pads[2 * i + side] as number),
  ) as [number[], number[]];
  const zeros = given.map(() => 0);
  const around = (list: readonly number[]) =>
    zeros.map((_, axis) => list[axis - 1] ?? 0);
  const padded = pads.some((n) => n > 0)
    ? padWith(call, x, [...around(before), ...around(behind)])
    : x;
  const sizes = block.map(
    (b, i) =>
      ((given[i + 1] as number) +
        (before[i] as number) +
        (behind[i] as number)) /
      b,
  );
  const rest = given.slice(block.length + 1);
  const wide = call.emit("Reshape", [padded], {
    shape: [-1, ...block.flatMap((b, i) => [sizes[i] as number, b]), ...rest],
  });
  const turned = call.emit("Transpose", [wide], {
    perm: [
      ...axes.map((axis) => 2 * axis),
      0,
      ...axes.map((axis) => 2 * axis - 1),
      ...rest.map((_, i) => 2 * block.length + 1 + i),
    ],
  });
  return call.emit("Reshape", [turned], { shape: [-1, ...sizes, ...rest] });
});

const batchToSpace = moved((call, x) => {
  const [block, crops] = [call.list(1), call.list(2)];
  const { shape: given } = call.tensor(0);
  const { length } = block;
  const sizes = given.slice(1, length + 1);
  const rest = given.slice(length + 1);
  const wide = call.emit("Reshape", [x], {
    shape: [...block, -1, ...sizes, ...rest],
  });
  const turned = call.emit("Transpose", [wide], {
    perm: [
      length,
      ...block.flatMap((_, i) => [length + 1 + i, i]),
      ...rest.map((_, i) => 2 * length + 1 + i),
    ],
  });
  const whole = sizes.map((n, i) => n * (block[i] as number));
  const y = call.emit("Reshape", [turned], { shape: [-1, ...whole, ...rest] });
  if (crops.every((n) => n === 0)) return y;
  return call.emit("Slice", [y], {
    starts: block.map((_, i) => crops[2 * i] as number),
    ends: block.map(
      (_, i) => (whole[i] as number) - (crops[2 * i + 1] as number),
    ),
    axes: block.map((_, i) => i + 1),
  });
});

/** Padding, of integers with the one that stands for 0. */
export function padWith(
  call: Call,
  x: string,
  pads: readonly number[],
): string {
  const { quantization, type } = call.tensor(0);
  const dtype = sameScale(call) ? dtypeOf(type) : null;
  if (!dtype) return call.emit("Pad", [x], { pads });
  const data = Float64Array.of(quantization?.zeros[0] ?? 0);
  const zero = call.builder.constant({ dtype, shape: [], data });
  const list = call.builder.integers(pads);
  return call.emit("Pad", [x, list, zero]);
}

/** [[before, behind], ...] → ONNX's befores, then behinds. */
function padsOf(call: Call): string {
  const { shape } = call.tensor(1);
  const known = call.known(1);
  if (known) {
    const list = Array.from(known.data);
    const side = (odd: number) => list.filter((_, i) => i % 2 === odd);
    return call.builder.integers([...side(0), ...side(1)]);
  }
  const turned = call.emit("Transpose", [call.real(1)], { perm: [1, 0] });
  return call.emit("Reshape", [turned], { shape: [2 * (shape[0] ?? 0)] });
}

const pad = moved((call, x) => {
  const given = call.has(2)
    ? sameScale(call)
      ? call.stored(2)
      : call.real(2)
    : null;
  if (given !== null) return call.emit("Pad", [x, padsOf(call), given]);
  const known = call.known(1);
  if (known) {
    const list = Array.from(known.data);
    const side = (odd: number) => list.filter((_, i) => i % 2 === odd);
    return padWith(call, x, [...side(0), ...side(1)]);
  }
  return call.emit("Pad", [x, padsOf(call)]);
});

/** Reflection leaves the edge out; a symmetric one has it twice. */
const mirrorPad = moved((call, x) => {
  const symmetric = call.options.byte("mode") === 1;
  if (!symmetric)
    return call.emit("Pad", [x, padsOf(call)], { mode: "reflect" });
  const pads = call.list(1);
  const { shape: given } = call.tensor(0);
  let y = x;
  given.forEach((size, axis) => {
    const [before = 0, behind = 0] = pads.slice(2 * axis, 2 * axis + 2);
    if (!before && !behind) return;
    if (before > size || behind > size)
      throw call.refuse(
        `expected at most ${size} places of padding, got ${before} and ${behind}`,
      );
    const turned = (starts: number, ends: number) =>
      call.emit("Slice", [y], {
        starts: [starts],
        ends: [ends],
        axes: [axis],
        steps: [-1],
      });
    const parts = [
      ...(before ? [turned(before - 1, -Infinity)] : []),
      y,
      ...(behind ? [turned(-1, -1 - behind)] : []),
    ];
    y = call.emit("Concat", parts, { axis });
  });
  return y;
});

const zerosLike: Translate = (call) => {
  const dtype = dtypeOf(call.target().type);
  if (!dtype) throw call.refuse("expected numbers");
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
  SLICE: slice,
  STRIDED_SLICE: stridedSlice,
  CONCATENATION: concatenation,
  PACK: pack,
  UNPACK: unpack,
  SPLIT: split,
  SPLIT_V: splitV,
  SHAPE: shape,
  RANK: rank,
  FILL: fill,
  BROADCAST_TO: broadcastTo,
  TILE: tile,
  REVERSE_V2: reverse,
  REVERSE_SEQUENCE: reverseSequence,
  SPACE_TO_DEPTH: blocks("SpaceToDepth"),
  DEPTH_TO_SPACE: blocks("DepthToSpace"),
  SPACE_TO_BATCH_ND: spaceToBatch,
  BATCH_TO_SPACE_ND: batchToSpace,
  PAD: pad,
  PADV2: pad,
  MIRROR_PAD: mirrorPad,
  ZEROS_LIKE: zerosLike,
};
