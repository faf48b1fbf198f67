/*
 * Operations that go along one axis: the place of the largest, running sums.
 */
import { message } from "../../checks.js";
import { axisOf } from "../indexing.js";
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import type { Value } from "../value.js";
import { linesOf } from "./lines.js";
import { rounding } from "./reductions.js";

/** The first of equals, or the last with select_last_index. */
function argument(better: (a: number, b: number) => boolean): Compile {
  return (node) => {
    node.expectInputs(1);
    const given = node.int("axis", 0);
    const keep = node.flag("keepdims", true);
    const last = node.flag("select_last_index");
    return {
      prepare([x]) {
        const { shape } = x as Value;
        const axis = axisOf(given, shape.length, node.place);
        const lines = linesOf(shape, axis);
        const result = keep
          ? shape.map((n, i) => (i === axis ? 1 : n))
          : shape.filter((_, i) => i !== axis);
        const y = node.value("int64", result);
        if (y.data.length && !lines.size)
          throw new RangeError(
            message(node.place, "at least one number", "none"),
          );
        return {
          outputs: [y],
          work: (x as Value).data.length,
          run([own]) {
            const { data } = own as Value;
            for (let line = 0; line < y.data.length; line++) {
              let at = lines.start(line);
              let best = data[at] as number;
              let found = 0;
              for (let i = 1; i < lines.size; i++) {
                const value = data[(at += lines.stride)] as number;
                if (!(better(value, best) || (last && value === best)))
                  continue;
                best = value;
                found = i;
              }
              y.data[line] = found;
            }
          },
        };
      },
    };
  };
}

/** Sums so far along an axis: `exclusive` without the own number, `reverse` from the end on. */
function running(
  first: number,
  next: (sum: number, x: number) => number,
): Compile {
  return (node) => {
    node.expectInputs(2);
    const exclusive = node.flag("exclusive");
    const reverse = node.flag("reverse");
    return {
      reads: [1],
      prepare([x, axisInput]) {
        const { dtype, shape } = x as Value;
        if (dtype === "bool")
          throw new TypeError(message(node.place, "numbers", dtype));
        const given = (axisInput as Value).data[0] ?? NaN;
        const axis = axisOf(given, shape.length, node.place);
        const lines = linesOf(shape, axis);
        const y = node.value(dtype, shape);
        const round = rounding(dtype, node.place);
        return {
          outputs: [y],
          run([own]) {
            const { data } = own as Value;
            if (!data.length) return;
            for (let line = 0; line < lines.count; line++) {
              let sum = first;
              const start = lines.start(line);
              for (let i = 0; i < lines.size; i++) {
                const step = reverse ? lines.size - 1 - i : i;
                const at = start + step * lines.stride;
                if (exclusive) y.data[at] = round(sum);
                sum = next(sum, data[at] as number);
                if (!exclusive) y.data[at] = round(sum);
              }
            }
          },
        };
      },
    };
  };
}

export const alongAxes = (): Family => ({
  foldable: true,
  operations: {
    ArgMax: argument((a, b) => a > b),
    ArgMin: argument((a, b) => a < b),
    CumSum: running(0, (a, b) => a + b),
    CumProd: running(1, (a, b) => a * b),
  },
});
