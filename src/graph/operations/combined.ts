/*
 * What operations share that compute each number of their result from the numbers in the same place of two inputs, with
 * NumPy's broadcasting.
 */
import { broadcastOffsets, broadcastShape, reshapeTo } from "../indexing.js";
import type { Node, Prepared } from "../node.js";
import type { PointwiseName } from "../../layers/arrays.js";
import type { Dtype, Numbers, Value } from "../value.js";
import { onKernel } from "./on-kernel.js";

export type Binary = (a: number, b: number) => number;

export type BinaryLoop = (
  a: Numbers,
  atA: Int32Array | null,
  b: Numbers,
  atB: Int32Array | null,
  to: Numbers,
) => void;

export const binaryLoop =
  (f: Binary): BinaryLoop =>
  (a, atA, b, atB, to) => {
    for (let i = 0; i < to.length; i++)
      to[i] = f(
        a[atA ? (atA[i] as number) : i] as number,
        b[atB ? (atB[i] as number) : i] as number,
      );
  };

/** f of two inputs, broadcast, into a result of `dtype`; `name`: the kernel's function of floats that is f. */
export function combine(
  node: Node,
  a: Value,
  b: Value,
  dtype: Dtype,
  loop: BinaryLoop,
  name?: PointwiseName,
): Prepared {
  const shape = broadcastShape([a.shape, b.shape], node.place);
  const result = node.value(dtype, shape);
  const { data } = result;
  const kernel = name && onKernel(node, name, shape, a.shape, b.shape);
  if (kernel)
    return {
      outputs: [result],
      run: ([x, y]) => kernel.run((x as Value).data, (y as Value).data, data),
      release: () => kernel.release(),
    };
  const atA = broadcastOffsets(a, shape, data.length);
  const atB = broadcastOffsets(b, shape, data.length);
  return {
    outputs: [result],
    run: ([x, y]) => loop((x as Value).data, atA, (y as Value).data, atB, data),
  };
}

/** Opset 6: the axis of A that B's first lies along. */
export function alongAxis(node: Node): (a: Value, b: Value) => Value {
  if (!node.states("axis")) return (_, b) => b;
  const axis = node.int("axis", 0);
  return (a, b) => {
    const behind = a.shape.length - axis - b.shape.length;
    return behind > 0 && axis >= 0
      ? { ...b, shape: reshapeTo(b.shape, behind) }
      : b;
  };
}
