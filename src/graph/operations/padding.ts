import { message, shapeText } from "../../checks.js";
import { type Copy, copyRuns } from "../copying.js";
import { axesOf, integerList } from "../indexing.js";
import { offsets, stridesOf } from "../strides.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import type { Value } from "../value.js";

const MODES = ["constant", "reflect", "edge", "wrap"] as const;
type Mode = (typeof MODES)[number];

/**
 * Where position `at` of an axis of this size is taken from, -1 for the constant. Reflection leaves the edge out, and
 * goes back and forth where there is more padding than axis.
 */
function sourceOf(at: number, size: number, mode: Mode): number {
  if (at >= 0 && at < size) return at;
  if (mode === "constant") return -1;
  if (mode === "edge") return Math.min(Math.max(at, 0), size - 1);
  if (mode === "wrap") return ((at % size) + size) % size;
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const inside = ((at % period) + period) % period;
  return inside < size ? inside : period - inside;
}

/** Starts and ends of each axis; negative ones cut. Pads and value are attributes up to opset 10, inputs from 11 on. */
const pad: Compile = (node) => {
  node.expectInputs(1, 4);
  const given = node.ints("pads");
  const valueGiven = node.float("value", 0);
  const mode = node.word("mode", MODES, "constant");
  return {
    reads: [1, 3],
    prepare([x, pads, constant, axes]) {
      const { dtype, shape } = x as Value;
      const list = pads ? integerList(pads, node.place) : (given ?? []);
      const all = shape.map((_, axis) => axis);
      const chosen = axes
        ? axesOf(integerList(axes, node.place), shape.length, node.place)
        : all;
      const [starts, sizes] = padded(node, shape, list, chosen);
      if (constant && constant.dtype !== dtype)
        throw new TypeError(
          message(node.place, `a constant of ${dtype}`, constant.dtype),
        );
      if (mode !== "constant")
        shape.forEach((size, axis) => {
          if (size || !sizes[axis]) return;
          const expected = `axes of at least one element for ${mode} padding`;
          throw new RangeError(message(node.place, expected, shapeText(shape)));
        });
      const y = node.value(dtype, sizes);
      const from = sources(shape, sizes, starts, mode, y.data.length);
      const copy = taken(from);
      const isPadded = from.includes(-1);
      let filled = NaN;
      return {
        outputs: [y],
        run([own, , filling]) {
          const fill = filling?.data.length
            ? (filling.data[0] as number)
            : valueGiven;
          if (isPadded && filled !== fill) y.data.fill((filled = fill));
          copy((own as Value).data, y.data);
        },
      };
    },
  };
};

/** How much is before each axis, and what it becomes. */
function padded(
  node: Node,
  shape: readonly number[],
  pads: readonly number[],
  axes: readonly number[],
): [starts: number[], sizes: number[]] {
  if (pads.length !== 2 * axes.length) {
    const expected = `${2 * axes.length} pads for ${shapeText(shape)}`;
    throw new RangeError(message(node.place, expected, `${pads.length}`));
  }
  const starts = shape.map(() => 0);
  const sizes = [...shape];
  axes.forEach((axis, i) => {
    const [before, behind] = [pads[i], pads[i + axes.length]] as const;
    starts[axis] = before as number;
    sizes[axis] =
      (shape[axis] as number) + (before as number) + (behind as number);
  });
  if (sizes.every((size) => size >= 0)) return [starts, sizes];
  throw new RangeError(
    message(node.place, `pads that leave ${shapeText(shape)}`, shapeText(pads)),
  );
}

/** For each number of the result, where it is in the input; -1 for the constant. */
function sources(
  shape: readonly number[],
  sizes: readonly number[],
  starts: readonly number[],
  mode: Mode,
  count: number,
): Int32Array {
  const strides = stridesOf(shape);
  const maps = sizes.map((size, axis) =>
    Int32Array.from({ length: count ? size : 0 }, (_, i) => {
      const at = i - (starts[axis] as number);
      const source = sourceOf(at, shape[axis] as number, mode);
      return source < 0 ? -1 : source * (strides[axis] as number);
    }),
  );
  let from = Int32Array.of(0);
  for (const map of maps) {
    const next = new Int32Array(from.length * map.length);
    let to = 0;
    for (const base of from)
      for (const step of map)
        next[to++] = base < 0 || step < 0 ? -1 : base + step;
    from = next;
  }
  return count ? from : offsets([0], [0], 0);
}

/** Copies what is no padding. */
function taken(from: Int32Array): Copy {
  const targets = Int32Array.from(from.keys()).filter(
    (to) => (from[to] as number) >= 0,
  );
  return copyRuns(
    from.filter((at) => at >= 0),
    targets,
    new Int32Array(targets.length).fill(1),
  );
}

export const padding = (): Family => ({
  foldable: true,
  operations: { Pad: pad },
});
