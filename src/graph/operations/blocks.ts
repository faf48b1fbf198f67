/*
 * Operations that move blocks of numbers: between channels and positions, and the steps of a sequence from its end on.
 */
import { message, shapeText } from "../../checks.js";
import { copier } from "../copying.js";
import { axesOf } from "../indexing.js";
import { stridesOf } from "../strides.js";
import type { Compile, Node, Prepared } from "../node.js";
import type { Family } from "../table.js";
import type { Value } from "../value.js";

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
        throw node.error("expected a time and a batch axis, got none");
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

export const blockOperations = (): Family => ({
  foldable: true,
  operations: {
    DepthToSpace: depthToSpace,
    SpaceToDepth: spaceToDepth,
    ReverseSequence: reverseSequence,
  },
});
