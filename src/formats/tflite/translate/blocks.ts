/*
 * Operators that move blocks of positions to features or to the batch, and back.
 */
import type { Translate } from "./call.js";
import { moved } from "./moved.js";
import { padWith } from "./padding.js";

/** Blocks of each position's features, ONNX's DCR. Here features are the last axis, in ONNX the second. */
const depth = (type: "SpaceToDepth" | "DepthToSpace") =>
  moved((call, x) => {
    const blocksize = call.options.int("block_size");
    const transposed = call.emit("Transpose", [x], { perm: [0, 3, 1, 2] });
    const y = call.emit(type, [transposed], { blocksize });
    return call.emit("Transpose", [y], { perm: [0, 2, 3, 1] });
  });

/** Blocks of positions become batches, by which older converters dilate convolutions. */
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
  const transposed = call.emit("Transpose", [wide], {
    perm: [
      ...axes.map((axis) => 2 * axis),
      0,
      ...axes.map((axis) => 2 * axis - 1),
      ...rest.map((_, i) => 2 * block.length + 1 + i),
    ],
  });
  return call.emit("Reshape", [transposed], { shape: [-1, ...sizes, ...rest] });
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
  const transposed = call.emit("Transpose", [wide], {
    perm: [
      length,
      ...block.flatMap((_, i) => [length + 1 + i, i]),
      ...rest.map((_, i) => 2 * length + 1 + i),
    ],
  });
  const whole = sizes.map((n, i) => n * (block[i] as number));
  const y = call.emit("Reshape", [transposed], {
    shape: [-1, ...whole, ...rest],
  });
  if (crops.every((n) => n === 0)) return y;
  return call.emit("Slice", [y], {
    starts: block.map((_, i) => crops[2 * i] as number),
    ends: block.map(
      (_, i) => (whole[i] as number) - (crops[2 * i + 1] as number),
    ),
    axes: block.map((_, i) => i + 1),
  });
});

export const blocks: Readonly<Record<string, Translate>> = {
  SPACE_TO_DEPTH: depth("SpaceToDepth"),
  DEPTH_TO_SPACE: depth("DepthToSpace"),
  SPACE_TO_BATCH_ND: spaceToBatch,
  BATCH_TO_SPACE_ND: batchToSpace,
};
