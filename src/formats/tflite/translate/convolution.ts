/*
 * Convolutions and pooling over images. The features are the last axis, in the graph the second:
 *
 *     TensorFlow Lite   X [N, H, W, C]   filter [out, h, w, in]   depthwise [1, h, w, in · multiplier]
 *     the graph         X [N, C, H, W]   W [out, in, h, w]                  [in · multiplier, 1, h, w]
 */
import type { Call, Translate } from "./call.js";

/** The windows over height and width. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly same: boolean;
}

export function windowOf(
  call: Call,
  kernel: readonly [number, number],
): Window {
  const { options } = call;
  const pair = (name: (side: "h" | "w") => string, otherwise: number) =>
    [
      options.int(name("h"), otherwise),
      options.int(name("w"), otherwise),
    ] as const;
  const window = {
    kernel,
    strides: pair((side) => `stride_${side}`, 0),
    dilations: dilates(call)
      ? pair((side) => `dilation_${side}_factor`, 1)
      : ([1, 1] as const),
    same: options.byte("padding") === 0,
  };
  const sizes = [...window.kernel, ...window.strides, ...window.dilations];
  if (sizes.every((n) => n >= 1)) return window;
  throw call.refuse(
    `expected windows, strides and dilations of at least 1, got ${sizes.join(", ")}`,
  );
}

const dilates = ({ operator }: Call): boolean =>
  operator.name === "CONV_2D" || operator.name === "DEPTHWISE_CONV_2D";

/** The smaller half of the padding comes first. */
export const attributesOf = ({ kernel, strides, dilations, same }: Window) => ({
  kernel_shape: kernel,
  strides,
  ...(dilations.some((n) => n > 1) && { dilations }),
  ...(same && { auto_pad: "SAME_UPPER" }),
});

const toSecond = (call: Call, x: string): string =>
  call.emit("Transpose", [x], { perm: [0, 3, 1, 2] });

const toLast = (call: Call, x: string): string =>
  call.emit("Transpose", [x], { perm: [0, 2, 3, 1] });

/** Whether each window is one position: then the convolution is a dense layer at every position. */
export const isPointwise = ({ kernel, strides }: Window): boolean =>
  [...kernel, ...strides].every((n) => n === 1);

const conv: Translate = (call) => {
  const [outputs = 0, height = 0, width = 0, inputs = 0] = call.tensor(1).shape;
  const window = windowOf(call, [height, width]);
  const channels = call.tensor(0).shape.at(-1) ?? 0;
  const group = Math.max(1, Math.round(channels / Math.max(1, inputs)));
  const filter = call.real(1);
  const bias = call.has(2) ? [call.real(2)] : [];
  const x = call.real();
  if (isPointwise(window) && group === 1) {
    const rows = call.emit("Reshape", [x], { shape: [-1, inputs] });
    const matrix = call.emit("Reshape", [filter], { shape: [outputs, inputs] });
    const y = call.emit("Gemm", [rows, matrix, ...bias], { transB: 1 });
    const sizes = call.emit("Shape", [x], { end: -1 });
    const size = call.builder.integers([outputs]);
    const shape = call.emit("Concat", [sizes, size], { axis: 0 });
    return call.give(call.activated(call.emit("Reshape", [y, shape])));
  }
  const W = toSecond(call, filter);
  const y = call.emit("Conv", [toSecond(call, x), W, ...bias], {
    ...attributesOf(window),
    ...(group > 1 && { group }),
  });
  call.give(call.activated(toLast(call, y)));
};

const depthwise: Translate = (call) => {
  const [, height = 0, width = 0, outputs = 0] = call.tensor(1).shape;
  const inputs = call.tensor(0).shape.at(-1) ?? 0;
  if (!inputs || outputs % inputs)
    throw call.refuse(
      `expected a multiple of ${inputs} features, got ${outputs}`,
    );
  const window = windowOf(call, [height, width]);
  const W = call.emit("Transpose", [call.real(1)], { perm: [3, 0, 1, 2] });
  const bias = call.has(2) ? [call.real(2)] : [];
  const y = call.emit("Conv", [toSecond(call, call.real()), W, ...bias], {
    ...attributesOf(window),
    group: inputs,
  });
  call.give(call.activated(toLast(call, y)));
};

/** Inputs: the shape of the result, the filter [out, h, w, in], x, a bias. */
const transposeConv: Translate = (call) => {
  const [, height = 0, width = 0] = call.tensor(1).shape;
  const window = windowOf(call, [height, width]);
  const [, tall = 0, wide = 0] = call.known(0)
    ? call.list(0)
    : call.target().shape;
  const { strides, kernel, same } = window;
  const [, rows = 0, columns = 0] = call.tensor(2).shape;
  // the padding that the input's windows cover beyond the result; its smaller half comes first
  const over = [
    [rows, tall],
    [columns, wide],
  ].map(([from = 0, to = 0], i) => {
    const covered = (from - 1) * (strides[i] as number) + (kernel[i] as number);
    const total = same ? Math.max(0, covered - to) : 0;
    return { before: Math.floor(total / 2), more: to - covered + total, total };
  });
  const [h, w] = over as [(typeof over)[0], (typeof over)[0]];
  const pads = [h.before, w.before, h.total - h.before, w.total - w.before];
  if (h.more < 0 || w.more < 0)
    throw call.refuse(
      `expected a result of at least the windows' size, got ${tall} × ${wide}`,
    );
  const W = call.emit("Transpose", [call.real(1)], { perm: [3, 0, 1, 2] });
  const bias = call.has(3) ? [call.real(3)] : [];
  const x = toSecond(call, call.real(2));
  const y = call.emit("ConvTranspose", [x, W, ...bias], {
    kernel_shape: kernel,
    strides,
    pads,
  });
  // positions that no window reaches
  const padded =
    h.more || w.more
      ? call.emit("Pad", [y], { pads: [0, 0, 0, 0, 0, 0, h.more, w.more] })
      : y;
  call.give(call.activated(toLast(call, padded)));
};

const pooled =
  (type: string): Translate =>
  (call) => {
    const { options } = call;
    const window = windowOf(call, [
      options.int("filter_height"),
      options.int("filter_width"),
    ]);
    const y = call.emit(
      type,
      [toSecond(call, call.real())],
      attributesOf(window),
    );
    call.give(call.activated(toLast(call, y)));
  };

/** The root of the mean of squares. */
const l2Pool: Translate = (call) => {
  const { options } = call;
  const window = windowOf(call, [
    options.int("filter_height"),
    options.int("filter_width"),
  ]);
  const x = toSecond(call, call.real());
  const squares = call.emit("Mul", [x, x]);
  const mean = call.emit("AveragePool", [squares], attributesOf(window));
  call.give(call.activated(toLast(call, call.emit("Sqrt", [mean]))));
};

/** Sizes are the second input. */
const resized =
  (mode: "linear" | "nearest"): Translate =>
  (call) => {
    const { options } = call;
    const align = options.bool("align_corners");
    const half = options.bool("half_pixel_centers");
    const sizes = call.list(1);
    const y = call.emit("Resize", [toSecond(call, call.real())], {
      mode,
      axes: [2, 3],
      sizes,
      coordinate_transformation_mode: align
        ? "align_corners"
        : half
          ? "half_pixel"
          : "asymmetric",
      nearest_mode: align || half ? "round_prefer_ceil" : "floor",
    });
    call.give(toLast(call, y));
  };

export const convolutions: Readonly<Record<string, Translate>> = {
  CONV_2D: conv,
  DEPTHWISE_CONV_2D: depthwise,
  TRANSPOSE_CONV: transposeConv,
  AVERAGE_POOL_2D: pooled("AveragePool"),
  MAX_POOL_2D: pooled("MaxPool"),
  L2_POOL_2D: l2Pool,
  RESIZE_BILINEAR: resized("linear"),
  RESIZE_NEAREST_NEIGHBOR: resized("nearest"),
};
