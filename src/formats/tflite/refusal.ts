import { FormatError } from "../../errors.js";
import type { Model, Operator } from "./model.js";
import { OPERATORS } from "./translate/operations.js";

/**
 * Refuses unknown operators, including those in subgraphs that the model runs. The message lists each with its count.
 *
 * @throws FormatError at the place of the first
 */
export function refuseUnknown(model: Model, subgraph: number): void {
  const counts = new Map<string, number>();
  let first: Operator | null = null;
  for (const operator of operatorsOf(model, subgraph)) {
    if (!operator.isCustom && OPERATORS.has(operator.name)) continue;
    first ??= operator;
    const name = operator.name || "an operator without a name";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (!first) return;
  const missing = Array.from(counts, ([name, n]) =>
    n > 1 ? `${name} (${n})` : name,
  );
  throw new FormatError(
    `not supported: ${missing.join(", ")}; ${advice([...counts.keys()])}`,
    (first as Operator).place,
  );
}

const OPTIONS = [
  "cond_subgraph_index",
  "body_subgraph_index",
  "then_subgraph_index",
  "else_subgraph_index",
  "init_subgraph_index",
];

/** The operators of the subgraph, and of all subgraphs that they run. */
function operatorsOf(model: Model, first: number): Operator[] {
  const seen = new Set([first]);
  const all: Operator[] = [];
  for (const index of seen)
    for (const operator of model.subgraphs[index]?.operators ?? []) {
      all.push(operator);
      if (!["WHILE", "IF", "CALL_ONCE"].includes(operator.name)) continue;
      for (const option of OPTIONS)
        if (operator.options.knows(option))
          seen.add(operator.options.int(option));
    }
  return all;
}

/** What the user can do about it. */
function advice(names: readonly string[]): string {
  const other =
    "read the model's Keras file (.keras, .h5) or ONNX file instead";
  if (names.some((name) => name.startsWith("FlexTensorList")))
    return `only TensorFlow can run these: convert the Keras model again with a batch of 1 (an Input with batch_size=1, or unroll=True in its recurrent layers), which writes the recurrence as one operator or as steps; or ${other}`;
  if (names.some((name) => name.startsWith("Flex")))
    return `only TensorFlow can run operators named Flex…: convert the model without SELECT_TF_OPS; or ${other}`;
  return `convert the model without ${names.length > 1 ? "these operators" : "this operator"}; or ${other}`;
}
