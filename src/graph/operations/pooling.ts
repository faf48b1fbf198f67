/*
 * Poolings: one number a window of [N, C, D…].
 */
import { message, shapeText } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import { stridesOf } from "../strides.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import type { Dtype, Numbers, Value } from "../value.js";
import {
  type Axis,
  planeOffsets,
  windowAttributes,
  windowsOver,
} from "./windows.js";

/** What is made of a window: its numbers are those of `data` at from + table[first…], -1 being padding. */
type Pool = (
  data: Numbers,
  from: number,
  table: Int32Array,
  first: number,
  places: number,
) => number;

interface Windows {
  readonly outer: number; // N C
  readonly plane: number;
  readonly windows: number;
  readonly places: number;
  readonly table: Int32Array;
  readonly axes: readonly Axis[];
  readonly y: Value;
}

function windowsOf(
  node: Node,
  { dtype, shape }: Value,
  attributes: ReturnType<typeof windowAttributes>,
): Windows {
  // a mean of integers is none
  const largest = node.type === "MaxPool";
  if (shape.length < 3 || (largest ? dtype === "bool" : dtype !== "float32"))
    throw new RangeError(
      message(
        node.place,
        `[N, C, ..] of ${largest ? "numbers" : "floats"}`,
        `${dtype} ${shapeText(shape)}`,
      ),
    );
  const [N = 0, C = 0, ...sizes] = shape;
  if (!attributes.kernel)
    throw node.error("expected attribute kernel_shape, got none");
  const axes = windowsOver(node, sizes, attributes.kernel, attributes);
  const counts = axes.map(({ count }) => count);
  const y = node.value(dtype, [N, C, ...counts]);
  const places = sizeOf(attributes.kernel);
  const windows = sizeOf(counts);
  node.room("float32", [windows, places]);
  return {
    outer: N * C,
    plane: sizeOf(sizes),
    windows,
    places,
    table: y.data.length ? planeOffsets(axes) : new Int32Array(0),
    axes,
    y,
  };
}

function pooling(
  make: (node: Node, axes: readonly Axis[]) => (window: number) => Pool,
): Compile {
  return (node) => {
    node.expectInputs(1);
    const attributes = windowAttributes(node);
    make(node, []); // reads its attributes
    return {
      prepare([x]) {
        const found = windowsOf(node, x as Value, attributes);
        const { outer, plane, windows, places, table, axes, y } = found;
        const poolOf = make(node, axes);
        const pools = Array.from(
          { length: y.data.length ? windows : 0 },
          (_, w) => poolOf(w),
        );
        return {
          outputs: [y],
          work: y.data.length * places,
          run([own]) {
            if (!y.data.length) return;
            const { data } = own as Value;
            for (let o = 0; o < outer; o++)
              for (let w = 0; w < windows; w++)
                y.data[o * windows + w] = (pools[w] as Pool)(
                  data,
                  o * plane,
                  table,
                  w * places,
                  places,
                );
          },
        };
      },
    };
  };
}

/** How many places of window `w` are not beyond the padding: a window that ceil_mode adds may be. */
function withinPadding(axes: readonly Axis[], w: number): number {
  let all = 1;
  let rest = w;
  for (let i = axes.length - 1; i >= 0; i--) {
    const axis = axes[i] as Axis;
    const at = rest % axis.count;
    rest = Math.floor(rest / axis.count);
    const room = axis.size + axis.behind + axis.before - at * axis.stride;
    all *= Math.min(axis.kernel, Math.ceil(room / axis.dilation));
  }
  return all;
}

const average = pooling((node, axes) => {
  const all = node.flag("count_include_pad");
  return (w) => {
    const count = all ? withinPadding(axes, w) : 0;
    return (data, from, table, first, places) => {
      let sum = 0;
      let some = 0;
      for (let p = first; p < first + places; p++) {
        const at = table[p] as number;
        if (at < 0) continue;
        sum += data[from + at] as number;
        some++;
      }
      return sum / (count || some);
    };
  };
});

const lp = pooling((node) => {
  const p = node.float("p", 2);
  const pool: Pool = (data, from, table, first, places) => {
    let sum = 0;
    for (let i = first; i < first + places; i++) {
      const at = table[i] as number;
      if (at >= 0) sum += Math.abs(data[from + at] as number) ** p;
    }
    return sum ** (1 / p);
  };
  return () => pool;
});

/** With where each largest number is in X, flat; storage_order 1: as if the last two axes were turned. */
const max: Compile = (node) => {
  node.expectInputs(1);
  const attributes = windowAttributes(node);
  const columns = node.flag("storage_order");
  return {
    prepare([x]) {
      const value = x as Value;
      const found = windowsOf(node, value, attributes);
      const { plane, windows, places, table, y } = found;
      const indices = node.makes(1) ? node.value("int64", y.shape) : null;
      const place = columns ? byColumns(value.shape) : (at: number) => at;
      return {
        outputs: [y, indices],
        work: y.data.length * places,
        run([own]) {
          const { data } = own as Value;
          for (let i = 0; i < y.data.length; i++) {
            const from = Math.floor(i / windows) * plane;
            const first = (i % windows) * places;
            let best = least(value.dtype);
            let where = 0;
            for (let p = first; p < first + places; p++) {
              const at = table[p] as number;
              if (at < 0) continue;
              const number = data[from + at] as number;
              if (!(number > best || Number.isNaN(number))) continue;
              best = number;
              where = from + at;
              if (Number.isNaN(number)) break;
            }
            y.data[i] = best;
            if (indices) indices.data[i] = place(where);
          }
        },
      };
    },
  };
};

const least = (dtype: Dtype): number =>
  dtype === "float32" ? -Infinity : -(2 ** 53);

/** A flat place as one where the spatial axes are laid out the other way round. */
function byColumns(shape: readonly number[]): (at: number) => number {
  const sizes = shape.slice(2);
  const strides = stridesOf(sizes);
  const plane = sizeOf(sizes);
  return (at) => {
    let result = 0;
    let step = 1;
    sizes.forEach((size, axis) => {
      const index = Math.floor((at % plane) / (strides[axis] as number)) % size;
      result += index * step;
      step *= size;
    });
    return Math.floor(at / plane) * plane + result;
  };
}

/** Over all spatial axes, which stay with the size 1. */
function global(
  make: (node: Node) => (data: Numbers, from: number, count: number) => number,
): Compile {
  return (node) => {
    node.expectInputs(1);
    const pool = make(node);
    return {
      prepare([x]) {
        const { dtype, shape } = x as Value;
        if (shape.length < 2 || dtype !== "float32")
          throw new RangeError(
            message(
              node.place,
              "floats [N, C, ..]",
              `${dtype} ${shapeText(shape)}`,
            ),
          );
        const y = node.value(
          dtype,
          shape.map((n, i) => (i < 2 ? n : 1)),
        );
        const plane = sizeOf(shape.slice(2));
        return {
          outputs: [y],
          work: (x as Value).data.length,
          run([own]) {
            for (let i = 0; i < y.data.length; i++)
              y.data[i] = pool((own as Value).data, i * plane, plane);
          },
        };
      },
    };
  };
}

export const poolings = (): Family => ({
  operations: {
    MaxPool: max,
    AveragePool: average,
    LpPool: lp,
    GlobalAveragePool: global(() => (data, from, count) => {
      let sum = 0;
      for (let i = from; i < from + count; i++) sum += data[i] as number;
      return sum / count;
    }),
    GlobalMaxPool: global(() => (data, from, count) => {
      let best = -Infinity;
      for (let i = from; i < from + count; i++)
        best = Math.max(best, data[i] as number);
      return best;
    }),
    GlobalLpPool: global((node) => {
      const p = node.float("p", 2);
      return (data, from, count) => {
        let sum = 0;
        for (let i = from; i < from + count; i++)
          sum += Math.abs(data[i] as number) ** p;
        return sum ** (1 / p);
      };
    }),
  },
  outputs: { MaxPool: 2 },
});
