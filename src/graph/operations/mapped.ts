/*
 * What operations share that compute each number of their result from one number.
 */
import { message } from "../../checks.js";
import type { PointwiseName } from "../../layers/arrays.js";
import type { Compile, Node, Operation, Prepared } from "../node.js";
import { type Dtype, exact, type Numbers, type Value } from "../value.js";
import { onKernel } from "./on-kernel.js";

export type Unary = (x: number) => number;

export function wrongDtype(
  node: Node,
  expected: string,
  got: Dtype,
): TypeError {
  return new TypeError(message(node.place, expected, got));
}

/** y = f(x), by a loop of its own, which engines compile for the one f. */
type UnaryLoop = (x: Numbers, y: Numbers) => void;

export const loopOf =
  (f: Unary): UnaryLoop =>
  (x, y) => {
    for (let i = 0; i < y.length; i++) y[i] = f(x[i] as number);
  };

/** y = f(x) on floats; `integers`: on integers too; `name`: the kernel's function of floats that is f. */
export function mapped(
  node: Node,
  loop: UnaryLoop,
  integers = false,
  name?: PointwiseName,
): Operation {
  return {
    prepare([x]) {
      const { dtype, shape } = x as Value;
      if (dtype !== "float32" && (!integers || dtype === "bool"))
        throw wrongDtype(node, integers ? "numbers" : "floats", dtype);
      if (dtype === "float32") return floatsMapped(node, shape, loop, name);
      const y = node.value(dtype, shape);
      return {
        outputs: [y],
        run([own]) {
          loop((own as Value).data, y.data);
          // -(-128) is no int8; + 0: integers have no -0
          for (let i = 0; i < y.data.length; i++)
            y.data[i] = exact((y.data[i] as number) + 0, dtype, node.place);
        },
      };
    },
  };
}

/** The same of floats of this shape. */
export function floatsMapped(
  node: Node,
  shape: readonly number[],
  loop: UnaryLoop,
  name?: PointwiseName,
): Prepared {
  const y = node.value("float32", shape);
  const kernel = name && onKernel(node, name, shape, shape);
  if (!kernel)
    return {
      outputs: [y],
      run: ([own]) => loop((own as Value).data, y.data),
    };
  return {
    outputs: [y],
    run: ([own]) => kernel.run((own as Value).data, null, y.data),
    release: () => kernel.release(),
  };
}

export const unary =
  (f: Unary, integers = false, name?: PointwiseName): Compile =>
  (node) => {
    node.expectInputs(1);
    return mapped(node, loopOf(f), integers, name);
  };

export const unaryLoop =
  (loop: UnaryLoop, integers = false, name?: PointwiseName): Compile =>
  (node) => {
    node.expectInputs(1);
    return mapped(node, loop, integers, name);
  };

/** An activation with numbers of its own, which are float32 as in the file. */
export const withNumbers =
  (
    names: Readonly<Record<string, number>>,
    make: (...numbers: number[]) => Unary,
  ): Compile =>
  (node) => {
    node.expectInputs(1);
    const numbers = Object.entries(names).map(([name, otherwise]) =>
      Math.fround(node.float(name, otherwise)),
    );
    return mapped(node, loopOf(make(...numbers)));
  };
