/*
 * Operations that put numbers in other places, whole axes at a time.
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import {
  around,
  axesOf,
  axisOf,
  broadcastShape,
  broadcastStrides,
  copier,
  integerList,
  strided,
  stridesOf,
} from "../indexing.js";
import type { Compile, Node, Prepared } from "../node.js";
import { MOST_NUMBERS, type Value } from "../value.js";

const transpose: Compile = (node) => {
  node.expectInputs(1);
  const perm = node.ints("perm");
  return {
    prepare([x]) {
      const value = x as Value;
      const rank = value.shape.length;
      const axes = perm
        ? axesOf(perm, rank, node.place)
        : value.shape.map((_, axis) => rank - 1 - axis);
      if (axes.length !== rank) {
        const expected = `perm for ${shapeText(value.shape)}`;
        throw new RangeError(message(node.place, expected, shapeText(axes)));
      }
      const strides = stridesOf(value.shape);
      const pick = (list: readonly number[]) =>
        axes.map((axis) => list[axis] as number);
      const shape = pick(value.shape);
      // in the same order where only axes of 1 change places
      const moved = axes.filter((axis) => value.shape[axis] !== 1);
      if (moved.every((axis, i) => !i || axis > (moved[i - 1] as number))) {
        const result = { dtype: value.dtype, shape, data: value.data };
        return {
          outputs: [result],
          run: ([own]) => void (result.data = (own as Value).data),
        };
      }
      return strided(node, value, shape, pick(strides));
    },
  };
};

const expand: Compile = (node) => {
  node.expectInputs(2);
  return {
    reads: [1],
    prepare([x, target]) {
      const value = x as Value;
      const wanted = integerList(target as Value, node.place);
      const shape = broadcastShape([value.shape, wanted], node.place);
      return strided(node, value, shape, broadcastStrides(value.shape, shape));
    },
  };
};

/** Repeats, one an axis; in the first opset `tiles` along `axis`. */
const tile: Compile = (node) => {
  node.expectInputs(node.states("repeats") ? 1 : 2, 3);
  const given = node.ints("repeats");
  return {
    reads: [1, 2],
    prepare([x, input, axis]) {
      const value = x as Value;
      const { shape } = value;
      let repeats = input ? integerList(input, node.place) : (given ?? []);
      if (axis) {
        const along = axisOf(axis.data[0] as number, shape.length, node.place);
        const [times = 1] = input?.data ?? [];
        repeats = shape.map((_, i) => (i === along ? times : 1));
      }
      if (repeats.length !== shape.length || repeats.some((n) => !(n >= 0))) {
        const expected = `repeats of at least 0 for ${shapeText(shape)}`;
        throw new RangeError(message(node.place, expected, shapeText(repeats)));
      }
      const result = shape.map((n, i) => n * (repeats[i] as number));
      const split = shape.flatMap((n, i) => [repeats[i] as number, n]);
      const strides = stridesOf(shape).flatMap((stride) => [0, stride]);
      const y = node.value(value.dtype, result);
      const copy = copier(split, strides, y.data.length);
      return {
        outputs: [y],
        run: ([own]) => copy((own as Value).data, y.data),
      };
    },
  };
};

const concat: Compile = (node) => {
  node.expectInputs(1, Infinity);
  if (!node.states("axis"))
    throw node.error("expected attribute axis, got none");
  const given = node.int("axis", 0);
  return {
    prepare(inputs) {
      const values = inputs.filter((value) => value !== null);
      const { dtype, shape } = values[0] as Value;
      const axis = axisOf(given, shape.length, node.place);
      let size = 0;
      for (const value of values) {
        size += value.shape[axis] ?? 0;
        const like = value.shape.map((n, i) => (i === axis ? shape[axis] : n));
        if (value.dtype === dtype && equalShapes(like as number[], shape))
          continue;
        const expected = `${dtype} ${shapeText(shape)} but for axis ${axis}`;
        throw new RangeError(
          message(
            node.place,
            expected,
            `${value.dtype} ${shapeText(value.shape)}`,
          ),
        );
      }
      const result = node.value(
        dtype,
        shape.map((n, i) => (i === axis ? size : n)),
      );
      const { outer, inner } = around(result.shape, axis);
      const runs = values.map((value) => (value.shape[axis] as number) * inner);
      return {
        outputs: [result],
        run(given) {
          const { data } = result;
          // a result without numbers may still have axes of any size
          if (!data.length) return;
          let at = 0;
          let part = 0;
          for (const value of given) {
            if (!value) continue;
            const run = runs[part++] as number;
            const own = value.data;
            for (let row = 0; row < outer; row++) {
              const to = row * size * inner + at;
              if (outer === 1) data.set(own, to);
              else
                for (let i = 0; i < run; i++)
                  data[to + i] = own[row * run + i] as number;
            }
            at += run;
          }
        },
      };
    },
  };
};

/** Without sizes the parts are equal; where `num_outputs` says how many, the last may be smaller. */
const split: Compile = (node) => {
  node.expectInputs(1, 2);
  const given = node.ints("split");
  const axisGiven = node.int("axis", 0);
  const parts = node.int("num_outputs", node.outputs.length);
  const uneven = node.states("num_outputs");
  return {
    reads: [1],
    prepare([x, input]) {
      const value = x as Value;
      const { dtype, shape } = value;
      const axis = axisOf(axisGiven, shape.length, node.place);
      const size = shape[axis] as number;
      const sizes =
        (input ? integerList(input, node.place) : given) ??
        equalParts(node, size, parts, uneven);
      const sum = sizes.reduce((all, n) => (n < 0 ? NaN : all + n), 0);
      if (sum !== size || sizes.length < node.outputs.length) {
        const expected = `${node.outputs.length} parts of ${size}`;
        throw new RangeError(message(node.place, expected, shapeText(sizes)));
      }
      const strides = stridesOf(shape);
      const stride = strides[axis] as number;
      let start = 0;
      const outputs: Value[] = [];
      const copies = sizes.slice(0, node.outputs.length).map((count) => {
        const own = node.value(
          dtype,
          shape.map((n, i) => (i === axis ? count : n)),
        );
        outputs.push(own);
        const { length } = own.data;
        const copy = copier(own.shape, strides, length, start * stride);
        start += count;
        return copy;
      });
      return {
        outputs,
        run([own]) {
          for (let i = 0; i < copies.length; i++)
            copies[i]?.((own as Value).data, (outputs[i] as Value).data);
        },
      };
    },
  };
};

/** All alike but for the last, which is what is left. */
function equalParts(
  node: Node,
  size: number,
  parts: number,
  uneven: boolean,
): number[] {
  const each = Math.ceil(size / parts);
  const last = size - each * (parts - 1);
  if (parts !== node.outputs.length || last < 0 || (last !== each && !uneven)) {
    const expected = `a size that ${parts} outputs share`;
    throw new RangeError(message(node.place, expected, `${size}`));
  }
  return Array.from({ length: parts }, (_, i) => (i < parts - 1 ? each : last));
}

/** Starts, ends and axes are attributes up to opset 9; they and steps are inputs from 10 on. */
const slice: Compile = (node) => {
  node.expectInputs(1, 5);
  const attributes = ["starts", "ends", "axes", "steps"].map((name) =>
    node.ints(name),
  );
  return {
    reads: [1, 2, 3, 4],
    prepare([x, ...inputs]) {
      const value = x as Value;
      const { shape } = value;
      const [starts, ends, axes, steps] = [0, 1, 2, 3].map((i) => {
        const input = inputs[i];
        return input ? integerList(input, node.place) : attributes[i];
      });
      if (!starts || !ends || ends.length !== starts.length)
        throw new RangeError(
          message(node.place, "a start and an end for each axis", "others"),
        );
      const chosen = axesOf(
        axes ?? starts.map((_, i) => i),
        shape.length,
        node.place,
      );
      const result = [...shape];
      const strides = stridesOf(shape);
      let from = 0;
      chosen.forEach((axis, i) => {
        const size = shape[axis] as number;
        const range = rangeOf(size, starts[i], ends[i], steps ? steps[i] : 1);
        if (!range) {
          const got = `${starts[i]}, ${ends[i]} and ${steps?.[i] ?? "none"}`;
          throw new RangeError(
            message(node.place, "a start, an end and a step other than 0", got),
          );
        }
        result[axis] = range.count;
        from += range.start * (strides[axis] as number);
        strides[axis] = (strides[axis] as number) * range.step;
      });
      return strided(node, value, result, strides, from);
    },
  };
};

/** Python's slice of a list of this size; null when start, end or step is missing, or the step 0. */
function rangeOf(size: number, first = NaN, end = NaN, step = NaN) {
  if (!step || Number.isNaN(first) || Number.isNaN(end)) return null;
  const stride = Math.min(Math.max(step, -MOST_NUMBERS), MOST_NUMBERS);
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? size : size - 1;
  const clamp = (n: number) =>
    Math.min(Math.max(n < 0 ? n + size : n, low), high);
  const start = clamp(first);
  const count = Math.max(0, Math.ceil((clamp(end) - start) / stride));
  // where there is one entry at most, the step may be larger than any stride
  return { start: count ? start : 0, count, step: count > 1 ? step : 1 };
}

/** Blocks of an axis to positions, and back. DCR: depth first; CRD: column first. */
const depthToSpace: Compile = (node) => {
  node.expectInputs(1);
  const size = node.int("blocksize", 0);
  const depthFirst = node.word("mode", ["DCR", "CRD"], "DCR") === "DCR";
  return {
    prepare([x]) {
      const value = x as Value;
      const [n, c, h, w] = fourAxes(node, value);
      const channels = c / size ** 2;
      if (!Number.isInteger(channels) || !(size > 0))
        throw new RangeError(
          message(node.place, `channels in blocks of ${size}`, `${c}`),
        );
      const [plane, s] = [h * w, size];
      // [N, C, H, s, W, s] of the input's axes
      const strides = depthFirst
        ? [c * plane, plane, w, s * channels * plane, 1, channels * plane]
        : [c * plane, s * s * plane, w, s * plane, 1, plane];
      return blocks(
        node,
        value,
        [n, channels, h * s, w * s],
        [n, channels, h, s, w, s],
        strides,
      );
    },
  };
};

const spaceToDepth: Compile = (node) => {
  node.expectInputs(1);
  const size = node.int("blocksize", 0);
  return {
    prepare([x]) {
      const value = x as Value;
      const [n, c, h, w] = fourAxes(node, value);
      if (!(size > 0) || h % size || w % size)
        throw new RangeError(
          message(node.place, `planes in blocks of ${size}`, `${h} by ${w}`),
        );
      const s = size;
      return blocks(
        node,
        value,
        [n, c * s * s, h / s, w / s],
        [n, s, s, c, h / s, w / s],
        [c * h * w, w, 1, h * w, w * s, s],
      );
    },
  };
};

function fourAxes(
  node: Node,
  { shape }: Value,
): [number, number, number, number] {
  if (shape.length === 4) return [...shape] as [number, number, number, number];
  throw new RangeError(message(node.place, "[N, C, H, W]", shapeText(shape)));
}

function blocks(
  node: Node,
  { dtype }: Value,
  shape: readonly number[],
  parts: readonly number[],
  strides: readonly number[],
): Prepared {
  const result = node.value(dtype, shape);
  const copy = copier(parts, strides, result.data.length);
  return {
    outputs: [result],
    run: ([own]) => copy((own as Value).data, result.data),
  };
}

/** Each row's first `lengths` steps turned round. */
const reverseSequence: Compile = (node) => {
  node.expectInputs(2);
  const batchAxis = node.int("batch_axis", 1);
  const timeAxis = node.int("time_axis", 0);
  return {
    prepare([x]) {
      const { dtype, shape } = x as Value;
      const place = node.place;
      const [batch, time] = axesOf([batchAxis, timeAxis], shape.length, place);
      if (shape.length < 2 || (batch as number) + (time as number) !== 1)
        throw node.error("expected a time and a batch axis, got others");
      const [rows, steps] = [shape[batch as number], shape[time as number]];
      const strides = stridesOf(shape);
      const inner = strides[1] as number;
      const [ofRow, ofStep] = [
        strides[batch as number],
        strides[time as number],
      ];
      const y = node.value(dtype, shape);
      return {
        outputs: [y],
        run([own, lengths]) {
          const { data } = own as Value;
          for (let row = 0; row < (rows as number); row++) {
            const length = (lengths as Value).data[row] as number;
            if (!(length >= 0 && length <= (steps as number)))
              throw new RangeError(
                message(place, `lengths of at most ${steps}`, `${length}`),
              );
            for (let t = 0; t < (steps as number); t++) {
              const from = t < length ? length - 1 - t : t;
              const base = row * (ofRow as number);
              for (let i = 0; i < inner; i++)
                y.data[base + t * (ofStep as number) + i] = data[
                  base + from * (ofStep as number) + i
                ] as number;
            }
          }
        },
      };
    },
  };
};

export const movement: Record<string, Compile> = {
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Concat: concat,
  Split: split,
  Slice: slice,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  ReverseSequence: reverseSequence,
};
