/*
 * Resize, axis by axis: each number of the result is a sum of a few of the input's, with weights.
 */
import { message, shapeText } from "../../checks.js";
import { axesOf, around } from "../indexing.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import { type Numbers, storage, type Value } from "../value.js";

const COORDINATES = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_crop_and_resize",
  "tf_half_pixel_for_nn",
] as const;
type Coordinates = (typeof COORDINATES)[number];
const MODES = ["nearest", "linear", "cubic"] as const;
const NEAREST = [
  "round_prefer_floor",
  "round_prefer_ceil",
  "floor",
  "ceil",
  "opset_10", // floor, or ceil where the axis shrinks
] as const;
const POLICIES = ["stretch", "not_larger", "not_smaller"] as const;

/** One axis: how the result's places are the input's. */
interface Axis {
  readonly size: number;
  readonly result: number;
  readonly scale: number;
  readonly region: readonly [start: number, end: number];
}

/** For each place of the result: places of the input and their weights, `taps` of each; NaN stands for outside. */
interface Table {
  readonly taps: number;
  readonly places: Int32Array;
  readonly weights: Float64Array;
}

interface Options {
  readonly mode: (typeof MODES)[number];
  readonly coordinates: Coordinates;
  readonly nearest: (typeof NEAREST)[number];
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

const resize: Compile = (node) => {
  node.expectInputs(1, 4);
  const options: Options = {
    mode: node.word("mode", MODES, "nearest"),
    coordinates: node.word(
      "coordinate_transformation_mode",
      COORDINATES,
      "half_pixel",
    ),
    nearest: node.word("nearest_mode", NEAREST, "round_prefer_floor"),
    cubic: node.float("cubic_coeff_a", -0.75),
    excludeOutside: node.flag("exclude_outside"),
    antialias: node.flag("antialias"),
  };
  const extrapolation = node.float("extrapolation_value", 0);
  const policy = node.word("keep_aspect_ratio_policy", POLICIES, "stretch");
  const axesGiven = node.ints("axes");
  const scalesGiven = node.floats("scales");
  const sizesGiven = node.ints("sizes");
  return {
    reads: [1, 2, 3],
    prepare([x, roi, scaleInput, sizeInput]) {
      const { dtype, shape } = x as Value;
      if (dtype === "bool")
        throw new TypeError(message(node.place, "numbers", dtype));
      const all = shape.map((_, axis) => axis);
      const chosen = axesGiven
        ? axesOf(axesGiven, shape.length, node.place)
        : all;
      const list = (value: Value | null | undefined) =>
        value?.data.length ? Array.from(value.data) : null;
      const sizes = list(sizeInput) ?? sizesGiven;
      const scales = list(scaleInput) ?? scalesGiven;
      const region = list(roi);
      const wanted = sizes ?? scales;
      if (!wanted || wanted.length !== chosen.length) {
        const expected = `scales or sizes for ${chosen.length} axes`;
        const got = wanted ? `${wanted.length}` : "none";
        throw new RangeError(message(node.place, expected, got));
      }
      const axes = chosen.map((axis, i): Axis => {
        const size = shape[axis] as number;
        const n = chosen.length;
        const start = region?.[i] ?? 0;
        const end = region?.[i + n] ?? 1;
        const scale = sizes
          ? (sizes[i] as number) / size
          : (scales?.[i] as number);
        const cut =
          options.coordinates === "tf_crop_and_resize" ? end - start : 1;
        const result = sizes
          ? (sizes[i] as number)
          : Math.floor(size * cut * scale + 1e-9 * (size * scale));
        return { size, result, scale, region: [start, end] };
      });
      const fitted = sizes ? withPolicy(axes, policy) : axes;
      for (const { scale, result } of fitted)
        if (!(scale > 0 || result === 0) || !(result >= 0))
          throw new RangeError(
            message(node.place, "scales of more than 0", shapeText(wanted)),
          );
      const result = [...shape];
      chosen.forEach((axis, i) => {
        result[axis] = (fitted[i] as Axis).result;
      });
      const y = node.value(dtype, result);
      if (!y.data.length) return { outputs: [y], run: null };
      if (!(x as Value).data.length)
        throw new RangeError(
          message(node.place, "at least one number", "none"),
        );
      return prepared(node, shape, y, chosen, fitted, options, extrapolation);
    },
  };
};

/** One scale for all axes, so that none is larger, or smaller, than its size. */
function withPolicy(
  axes: readonly Axis[],
  policy: (typeof POLICIES)[number],
): readonly Axis[] {
  if (policy === "stretch") return axes;
  const scales = axes.map(({ scale }) => scale);
  const scale =
    policy === "not_larger" ? Math.min(...scales) : Math.max(...scales);
  return axes.map((axis) => ({
    ...axis,
    scale,
    result: Math.round(axis.size * scale),
  }));
}

function prepared(
  node: Node,
  from: readonly number[],
  y: Value,
  chosen: readonly number[],
  axes: readonly Axis[],
  options: Options,
  extrapolation: number,
) {
  const shape = [...from];
  const passes: ((data: Numbers) => Numbers)[] = [];
  chosen.forEach((axis, i) => {
    const own = axes[i] as Axis;
    const same =
      own.size === own.result &&
      own.scale === 1 &&
      options.coordinates !== "tf_crop_and_resize";
    if (same) return;
    const table = tableOf(own, options);
    const { outer, size, inner } = around(shape, axis);
    shape[axis] = own.result;
    const room = storage("float32", node.room("float32", shape).length);
    passes.push((data) => {
      pass(data, room, table, outer, size, own.result, inner, extrapolation);
      return room;
    });
  });
  return {
    outputs: [y],
    work: y.data.length * passes.length * 4,
    run: ([own]: readonly (Value | null)[]) => {
      let data = (own as Value).data;
      for (const each of passes) data = each(data);
      if (y.dtype === "float32") y.data.set(data);
      else
        for (let i = 0; i < data.length; i++)
          y.data[i] = Math.round(data[i] as number);
    },
  };
}

function pass(
  data: Numbers,
  to: Numbers,
  { taps, places, weights }: Table,
  outer: number,
  size: number,
  result: number,
  inner: number,
  extrapolation: number,
): void {
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (let r = 0; r < result; r++) {
      const first = r * taps;
      const outside = Number.isNaN(weights[first]);
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        if (outside) sum = extrapolation;
        else
          for (let k = first; k < first + taps; k++)
            sum +=
              (weights[k] as number) *
              (data[(o * size + (places[k] as number)) * inner + i] as number);
        to[at++] = sum;
      }
    }
}

/** Where a place of the result is in the input, a whole number being the middle of a place. */
function coordinate(x: number, axis: Axis, mode: Coordinates): number {
  const { size, result, scale, region } = axis;
  const [start, end] = region;
  switch (mode) {
    case "asymmetric":
      return x / scale;
    case "pytorch_half_pixel":
      return result > 1 ? (x + 0.5) / scale - 0.5 : 0;
    case "tf_half_pixel_for_nn":
      return (x + 0.5) / scale;
    case "align_corners":
      return result > 1 ? (x * (size - 1)) / (result - 1) : 0;
    case "tf_crop_and_resize":
      return result > 1
        ? start * (size - 1) + (x * (end - start) * (size - 1)) / (result - 1)
        : 0.5 * (start + end) * (size - 1);
    case "half_pixel_symmetric": {
      // the whole numbers that were rounded off are shared between both ends
      const middle = (size / 2) * (1 - result / (scale * size));
      return middle + (x + 0.5) / scale - 0.5;
    }
    default:
      return (x + 0.5) / scale - 0.5;
  }
}

function tableOf(axis: Axis, options: Options): Table {
  const { size, result, scale } = axis;
  const { mode, coordinates } = options;
  const stretch = options.antialias && scale < 1 ? 1 / scale : 1;
  const reach = mode === "cubic" ? 2 : 1;
  const taps =
    mode === "nearest"
      ? 1
      : Math.ceil(reach * stretch) * 2 + (stretch > 1 ? 1 : 0);
  const places = new Int32Array(result * taps);
  const weights = new Float64Array(result * taps);
  for (let r = 0; r < result; r++) {
    const at = coordinate(r, axis, coordinates);
    const first = r * taps;
    if (coordinates === "tf_crop_and_resize" && (at < 0 || at > size - 1)) {
      weights.fill(NaN, first, first + taps);
      continue;
    }
    if (mode === "nearest") {
      places[first] = clamp(nearest(at, options.nearest, scale), size);
      weights[first] = 1;
      continue;
    }
    const begin = Math.floor(at) - Math.ceil(reach * stretch) + 1;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const place = begin + k;
      const away = (place - at) / stretch;
      let weight =
        mode === "linear"
          ? Math.max(0, 1 - Math.abs(away))
          : cubic(away, options.cubic);
      const outside = place < 0 || place >= size;
      if (outside && options.excludeOutside) weight = 0;
      places[first + k] = clamp(place, size);
      weights[first + k] = weight;
      sum += weight;
    }
    for (let k = first; k < first + taps; k++)
      weights[k] = (weights[k] as number) / sum;
  }
  return { taps, places, weights };
}

const clamp = (place: number, size: number): number =>
  Math.min(Math.max(place, 0), size - 1);

function nearest(
  at: number,
  mode: (typeof NEAREST)[number],
  scale: number,
): number {
  const shrinks = mode === "opset_10" && scale < 1;
  if (mode === "ceil" || shrinks) return Math.ceil(at);
  if (mode === "floor" || mode === "opset_10") return Math.floor(at);
  return mode === "round_prefer_ceil"
    ? Math.floor(at + 0.5)
    : Math.ceil(at - 0.5);
}

/** Keys' convolution, 1981. */
function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

export const resizing = (): Family => ({
  operations: { Resize: resize },
});
