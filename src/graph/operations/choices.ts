/*
 * Operations that choose between numbers: limits, conditions, slopes by sign.
 */
import { message } from "../../checks.js";
import { broadcastOffsets, broadcastShape } from "../indexing.js";
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import type { Dtype, Value } from "../value.js";
import { alongAxis, type BinaryLoop, combine } from "./combined.js";
import { wrongDtype } from "./mapped.js";

/** Limits are attributes up to opset 10, inputs that may be left out from 11 on. NaN stays NaN. */
const clip: Compile = (node) => {
  node.expectInputs(1, 3);
  const limits = [node.float("min", -Infinity), node.float("max", Infinity)];
  const limit = (value: Value | null | undefined, i: number, dtype: Dtype) => {
    if (!value) return limits[i] as number;
    if (value.dtype === dtype && value.data.length === 1)
      return value.data[0] as number;
    throw new RangeError(
      message(
        node.place,
        `limits that are one ${dtype}`,
        `${value.data.length} ${value.dtype}`,
      ),
    );
  };
  return {
    prepare([x, low, high]) {
      const { dtype, shape } = x as Value;
      if (dtype === "bool") throw wrongDtype(node, "numbers", dtype);
      limit(low, 0, dtype);
      limit(high, 1, dtype);
      const y = node.value(dtype, shape);
      return {
        outputs: [y],
        run([own, least, most]) {
          const [from, to] = [limit(least, 0, dtype), limit(most, 1, dtype)];
          const { data } = own as Value;
          for (let i = 0; i < data.length; i++)
            y.data[i] = Math.min(Math.max(data[i] as number, from), to);
        },
      };
    },
  };
};

const where: Compile = (node) => {
  node.expectInputs(3);
  return {
    prepare(inputs) {
      const [condition, x, y] = inputs as [Value, Value, Value];
      if (condition.dtype !== "bool")
        throw wrongDtype(node, "truth values as condition", condition.dtype);
      if (x.dtype !== y.dtype)
        throw wrongDtype(node, `values of one type beside ${x.dtype}`, y.dtype);
      const shapes = [condition.shape, x.shape, y.shape];
      const shape = broadcastShape(shapes, node.place);
      const result = node.value(x.dtype, shape);
      const to = result.data;
      const [atC, atX, atY] = [condition, x, y].map((value) =>
        broadcastOffsets(value, shape, to.length),
      );
      return {
        outputs: [result],
        run([c, a, b]) {
          const yes = (c as Value).data;
          const [from, otherwise] = [(a as Value).data, (b as Value).data];
          for (let i = 0; i < to.length; i++)
            to[i] = yes[atC ? (atC[i] as number) : i]
              ? (from[atX ? (atX[i] as number) : i] as number)
              : (otherwise[atY ? (atY[i] as number) : i] as number);
        },
      };
    },
  };
};

/** Slopes broadcast to the input. */
const pRelu: Compile = (node) => {
  node.expectInputs(2);
  const aligned = alongAxis(node);
  const loop: BinaryLoop = (a, atA, b, atB, to) => {
    for (let i = 0; i < to.length; i++) {
      const x = a[atA ? (atA[i] as number) : i] as number;
      to[i] = x < 0 ? x * (b[atB ? (atB[i] as number) : i] as number) : x;
    }
  };
  return {
    prepare([left, right]) {
      const [x, slope] = [left as Value, right as Value];
      if (x.dtype !== slope.dtype || x.dtype === "bool")
        throw wrongDtype(node, `slopes of ${x.dtype}`, slope.dtype);
      const name = x.dtype === "float32" ? "prelu" : undefined;
      return combine(node, x, aligned(x, slope), x.dtype, loop, name);
    },
  };
};

export const choices = (): Family => ({
  foldable: true,
  operations: {
    Clip: clip,
    Where: where,
    PRelu: pRelu,
  },
});
