/*
 * com.microsoft.DynamicQuantizeLSTM, onnxruntime's: an LSTM whose W and R are integers, [D, I, 4·H], each with a scale and
 * a zero point a direction or a column. As standard nodes: W and R as floats, turned, and an LSTM. What they multiply
 * stays as precise as the graph computes; onnxruntime rounds it to 8 bits.
 */
import type { NodeDescription, Value } from "../../graph/index.js";
import { integers } from "../../graph/index.js";
import type { Draft } from "./normalise.js";

export const DYNAMIC_LSTM = "com.microsoft.DynamicQuantizeLSTM";

/** Where its scales and zero points are among its inputs, behind those of an LSTM. */
const SCALES = 8;

/** One block along the columns' axis. */
const ALL = 2 ** 30;

/** @param prefix of names that nothing else in the graph has */
export function dynamicLstm(node: Draft, prefix: string): NodeDescription[] {
  const { name, outputs, attributes, inputs } = node;
  const nodes: NodeDescription[] = [];
  const add = (
    type: string,
    from: readonly string[],
    given: Readonly<Record<string, number | readonly number[] | Value>> = {},
  ): string => {
    const made = `${prefix}${nodes.length}`;
    nodes.push({
      type,
      name: `${name}/${type}`,
      inputs: [...from],
      outputs: [made],
      attributes: new Map(Object.entries(given)),
    });
    return made;
  };
  const list = (...numbers: number[]) =>
    add("Constant", [], { value: integers(numbers) });
  const directions = attributes.get("direction") === "bidirectional" ? 2 : 1;
  const columns = 4 * Number(attributes.get("hidden_size") ?? 0);
  /** [D] or [D, 4·H] → [D, 1, 4·H] */
  const spread = (input: string) =>
    add("Expand", [
      add("Reshape", [input, list(directions, 1, -1)]),
      list(directions, 1, columns),
    ]);
  const matrix = (place: number): string => {
    const [scale = "", zero = ""] = inputs.slice(SCALES + 2 * (place - 1));
    const rest = zero ? [spread(zero)] : [];
    const floats = add(
      "DequantizeLinear",
      [inputs[place] as string, spread(scale), ...rest],
      { axis: 1, block_size: ALL },
    );
    return add("Transpose", [floats], { perm: [0, 2, 1] });
  };
  const [X = "", , , ...others] = inputs.slice(0, SCALES);
  const own = [X, matrix(1), matrix(2), ...others];
  while (own.at(-1) === "") own.pop();
  return [...nodes, { type: "LSTM", name, inputs: own, outputs, attributes }];
}
