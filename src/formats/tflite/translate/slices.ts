/*
 * Operators that take a slice of a value.
 */
import { dtypeOf } from "../constants.js";
import type { Call, Translate } from "./call.js";
import { moved } from "./moved.js";

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
    ? call.emit("Slice", [x], {
        starts,
        ends: stops,
        axes,
        steps,
        ...(steps.some((step) => step < 0) && { bounds: "python" }),
      })
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

export const slices: Readonly<Record<string, Translate>> = {
  SLICE: slice,
  STRIDED_SLICE: stridedSlice,
};
