import { message } from "../../checks.js";
import { around, axisOf } from "../indexing.js";
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import type { Numbers, Value } from "../value.js";
import { type Lines, linesOf } from "./lines.js";

type Fill = (
  data: Numbers,
  result: Numbers,
  lines: Lines,
  start: number,
) => void;

/** Along one axis, the last by default; with `flat`, along all from `axis` on. */
function softmax(fill: Fill): Compile {
  return (node) => {
    node.expectInputs(1);
    const flat = node.flag("flat");
    const given = node.int("axis", -1);
    return {
      prepare([x]) {
        const { dtype, shape } = x as Value;
        if (dtype !== "float32")
          throw new TypeError(message(node.place, "floats", dtype));
        const axis =
          flat && given === shape.length
            ? given
            : axisOf(given, shape.length, node.place);
        const y = node.value(dtype, shape);
        const { outer, size, inner } = around(shape, axis);
        const lines = flat
          ? linesOf([outer, (size ?? 1) * inner], 1)
          : linesOf(shape, axis);
        return {
          outputs: [y],
          work: 4 * y.data.length,
          run([own]) {
            if (!y.data.length) return;
            for (let line = 0; line < lines.count; line++)
              fill((own as Value).data, y.data, lines, lines.start(line));
          },
        };
      },
    };
  };
}

const exponentials =
  (log: boolean): Fill =>
  (data, result, { size, stride }, start) => {
    const end = start + size * stride;
    let most = -Infinity;
    for (let at = start; at < end; at += stride)
      most = Math.max(most, data[at] as number);
    let sum = 0;
    for (let at = start; at < end; at += stride)
      sum += Math.exp((data[at] as number) - most);
    const logSum = Math.log(sum);
    for (let at = start; at < end; at += stride) {
      const above = (data[at] as number) - most;
      result[at] = log ? above - logSum : Math.exp(above) / sum;
    }
  };

/** 1 at the first largest number, 0 elsewhere. */
const hard: Fill = (data, result, { size, stride }, start) => {
  let best = start;
  for (let i = 1; i < size; i++) {
    const at = start + i * stride;
    if ((data[at] as number) > (data[best] as number)) best = at;
  }
  for (let i = 0; i < size; i++) {
    const at = start + i * stride;
    result[at] = at === best ? 1 : 0;
  }
};

export const softmaxes = (): Family => ({
  foldable: true,
  operations: {
    Softmax: softmax(exponentials(false)),
    LogSoftmax: softmax(exponentials(true)),
    Hardmax: softmax(hard),
  },
});
