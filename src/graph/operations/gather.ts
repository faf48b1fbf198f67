/*
 * Whole entries of an axis by their indices.
 */
import { message } from "../../checks.js";
import { copyRuns } from "../copying.js";
import { around, axisOf } from "../indexing.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import type { Numbers, Value } from "../value.js";

/** Entries of a result whose places are worked out once: 256 kB. */
const LISTED = 2 ** 16;

/** A view is an object an entry, which short ones are not worth. */
const LONG = 2 ** 10;

/** An index from -size to size - 1 as one from 0 on. */
export function rowOf(index: number, size: number, place: string): number {
  const row = index < 0 ? index + size : index;
  if (row >= 0 && row < size) return row;
  throw new RangeError(
    message(place, `indices into ${size} entries`, `${index}`),
  );
}

export function checkIndices(node: Node, { dtype }: Value): void {
  if (dtype !== "int64" && dtype !== "int32")
    throw new TypeError(message(node.place, "integers as indices", dtype));
}

const gather: Compile = (node) => {
  node.expectInputs(2);
  const given = node.int("axis", 0);
  const known = node.constant(1)?.data ?? null;
  return {
    prepare([x, positions]) {
      const [value, indices] = [x as Value, positions as Value];
      checkIndices(node, indices);
      const axis = axisOf(given, value.shape.length, node.place);
      const { size, inner } = around(value.shape, axis);
      const y = node.value(value.dtype, [
        ...value.shape.slice(0, axis),
        ...indices.shape,
        ...value.shape.slice(axis + 1),
      ]);
      const { outer } = around(value.shape, axis);
      if (known && outer * known.length <= LISTED && y.data.length) {
        const copy = copyRuns(
          listOf(node, known, { outer, size, inner }),
          Int32Array.from(
            { length: outer * known.length },
            (_, i) => i * inner,
          ),
          new Int32Array(outer * known.length).fill(inner),
        );
        return {
          outputs: [y],
          run: ([own]) => copy((own as Value).data, y.data),
        };
      }
      return {
        outputs: [y],
        run([own, at]) {
          const { data } = own as Value;
          const rows = (at as Value).data;
          // checked whatever the size of the result
          for (let i = 0; i < rows.length; i++)
            rowOf(rows[i] as number, size, node.place);
          let to = 0;
          for (let row = 0; to < y.data.length; row++)
            for (let i = 0; i < rows.length; i++) {
              const index = rowOf(rows[i] as number, size, node.place);
              const from = (row * size + index) * inner;
              if (inner > LONG)
                y.data.set(data.subarray(from, from + inner), to);
              else
                for (let k = 0; k < inner; k++)
                  y.data[to + k] = data[from + k] as number;
              to += inner;
            }
        },
      };
    },
  };
};

/** Of known indices: where each entry of the result begins. */
function listOf(
  node: Node,
  indices: Numbers,
  { outer, size, inner }: { outer: number; size: number; inner: number },
): Int32Array {
  const list = new Int32Array(outer * indices.length);
  let to = 0;
  for (let row = 0; row < outer; row++)
    for (const index of indices)
      list[to++] = (row * size + rowOf(index, size, node.place)) * inner;
  return list;
}

export const gathers = (): Family => ({
  foldable: true,
  moves: true,
  operations: { Gather: gather },
});
