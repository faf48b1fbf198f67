/*
 * onnxruntime's com.microsoft.DynamicQuantizeLSTM: an LSTM whose W and R are integers, [D, I, 4·H], each with a scale and
 * a zero point per direction or per column. It becomes standard nodes: W and R are dequantized and transposed for an LSTM.
 * Inputs and states stay float32, where onnxruntime rounds them to 8 bits.
 */
import type { NodeDescription, Value } from "../../graph/index.js";
import { integers } from "../../graph/index.js";
import type { Draft } from "./normalise.js";

export const DYNAMIC_LSTM = "com.microsoft.DynamicQuantizeLSTM";

/** The index of the first scale among the inputs, after those of an LSTM. */
const SCALES = 8;

/** A block size larger than any axis: one block. */
const ALL = 2 ** 30;

/** @param prefix for the names of values, unique in the graph */
export function dynamicLstm(node: Draft, prefix: string): NodeDescription[] {
  const { name, outputs, attributes, inputs } = node;
  const nodes: NodeDescription[] = [];
  const add = (
    type: string,
    from: readonly string[],
    given: Readonly<Record<string, number | readonly number[] | Value>> = {},
  ): string => {
    const output = `${prefix}${nodes.length}`;
    nodes.push({
      type,
      name: `${name}/${type}`,
      inputs: [...from],
      outputs: [output],
      attributes: new Map(Object.entries(given)),
    });
    return output;
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
  const matrix = (index: number): string => {
    const [scale = "", zero = ""] = inputs.slice(SCALES + 2 * (index - 1));
    const rest = zero ? [spread(zero)] : [];
    const floats = add(
      "DequantizeLinear",
      [inputs[index] as string, spread(scale), ...rest],
      { axis: 1, block_size: ALL },
    );
    return add("Transpose", [floats], { perm: [0, 2, 1] });
  };
  const [X = "", , , ...rest] = inputs.slice(0, SCALES);
  const from = [X, matrix(1), matrix(2), ...rest];
  while (from.at(-1) === "") from.pop();
  return [...nodes, { type: "LSTM", name, inputs: from, outputs, attributes }];
}
