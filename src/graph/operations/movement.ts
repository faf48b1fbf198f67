/*
 * Operations that give the axes of a value another order, or repeat numbers along them.
 */
import { message, shapeText } from "../../checks.js";
import { copier } from "../copying.js";
import {
  axesOf,
  axisOf,
  broadcastShape,
  broadcastStrides,
  integerList,
  strided,
} from "../indexing.js";
import { stridesOf } from "../strides.js";
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import type { Value } from "../value.js";

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

export const movement = (): Family => ({
  foldable: true,
  moves: true,
  operations: { Transpose: transpose, Expand: expand, Tile: tile },
});
