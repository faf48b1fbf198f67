/*
 * Operations that sort.
 */
import { message } from "../../checks.js";
import { axisOf } from "../indexing.js";
import { stridesOf } from "../strides.js";
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import { type Dtype, storage, type Value } from "../value.js";
import { linesOf } from "./lines.js";

/** The k largest of an axis, or smallest; of equals the first. */
const topK: Compile = (node) => {
  node.expectInputs(1, 2);
  const given = node.int("k", -1);
  const axisGiven = node.int("axis", -1);
  const largest = node.flag("largest", true);
  node.int("sorted", 1);
  return {
    reads: [1],
    prepare([x, count]) {
      const { dtype, shape, data } = x as Value;
      const axis = axisOf(axisGiven, shape.length, node.place);
      const lines = linesOf(shape, axis);
      const k = count ? (count.data[0] ?? -1) : given;
      if (!(k >= 0 && k <= lines.size))
        throw new RangeError(
          message(node.place, `k from 0 to ${lines.size}`, `${k}`),
        );
      const sizes = shape.map((n, i) => (i === axis ? k : n));
      const values = node.value(dtype, sizes);
      const indices = node.value("int64", sizes);
      const results = linesOf(sizes, axis);
      const order = new Uint32Array(lines.size);
      return {
        outputs: [values, indices],
        work: data.length * Math.log2(lines.size + 1),
        run([own]) {
          const numbers = (own as Value).data;
          if (!numbers.length || !k) return;
          for (let line = 0; line < lines.count; line++) {
            const start = lines.start(line);
            const at = (i: number) =>
              numbers[start + i * lines.stride] as number;
            for (let i = 0; i < order.length; i++) order[i] = i;
            order.sort((a, b) => {
              const [p, q] = [at(a), at(b)];
              if (p === q) return a - b;
              if (Number.isNaN(p) || Number.isNaN(q))
                return Number.isNaN(p) === largest ? -1 : 1;
              return largest ? q - p || a - b : p - q || a - b;
            });
            const to = results.start(line);
            for (let i = 0; i < k; i++) {
              const index = order[i] as number;
              values.data[to + i * results.stride] = at(index);
              indices.data[to + i * results.stride] = index;
            }
          }
        },
      };
    },
  };
};

/** The rows of an axis that differ, or without one the numbers; where each was, and which of them each is. */
const unique: Compile = (node) => {
  node.expectInputs(1);
  const stated = node.states("axis");
  const axisGiven = node.int("axis", 0);
  const sorted = node.flag("sorted", true);
  return {
    reads: [0],
    prepare([x]) {
      const { dtype, shape: own, data } = x as Value;
      const shape = stated ? own : [data.length];
      const axis = axisOf(axisGiven, shape.length, node.place);
      const size = shape[axis] as number;
      const strides = stridesOf(shape);
      const stride = strides[axis] as number;
      const inside = placesBut(shape, axis);
      const compare = (a: number, b: number): number => {
        for (const place of inside) {
          const [p, q] = [
            data[place + a * stride] as number,
            data[place + b * stride] as number,
          ];
          if (p !== q && !Object.is(p, q))
            return p < q || Number.isNaN(q) ? -1 : 1;
        }
        return 0;
      };
      const order = Array.from({ length: size }, (_, i) => i).sort(
        (a, b) => compare(a, b) || a - b,
      );
      let groups: number[][] = [];
      for (const row of order) {
        const last = groups.at(-1);
        if (last && compare(last[0] as number, row) === 0) last.push(row);
        else groups.push([row]);
      }
      if (!sorted)
        groups = groups.sort((a, b) => (a[0] as number) - (b[0] as number));
      const result = node.value(
        dtype,
        shape.map((n, i) => (i === axis ? groups.length : n)),
      );
      const to = stridesOf(result.shape);
      const outside = placesBut(result.shape, axis);
      groups.forEach(([row], i) =>
        inside.forEach((place, k) => {
          result.data[(outside[k] as number) + i * (to[axis] as number)] = data[
            place + (row as number) * stride
          ] as number;
        }),
      );
      const inverse = list("int64", size);
      groups.forEach((rows, i) => {
        for (const row of rows) inverse.data[row] = i;
      });
      const firsts = list("int64", groups.length);
      const counts = list("int64", groups.length);
      groups.forEach((rows, i) => {
        firsts.data[i] = rows[0] as number;
        counts.data[i] = rows.length;
      });
      return { outputs: [result, firsts, inverse, counts], run: null };
    },
  };
};

const list = (dtype: Dtype, length: number): Value => ({
  dtype,
  shape: [length],
  data: storage(dtype, length),
});

/** Where all numbers are whose index along the axis is 0, in order. */
function placesBut(shape: readonly number[], axis: number): number[] {
  const strides = stridesOf(shape);
  let places = [0];
  shape.forEach((size, i) => {
    if (i === axis) return;
    places = places.flatMap((place) =>
      Array.from(
        { length: size },
        (_, k) => place + k * (strides[i] as number),
      ),
    );
  });
  return places;
}

export const sorting = (): Family => ({
  foldable: true,
  operations: { TopK: topK, Unique: unique },
  outputs: { TopK: 2, Unique: 4 },
});
