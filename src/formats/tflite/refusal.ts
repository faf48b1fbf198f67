import { FormatError } from "../../errors.js";
import type { Model, Operator } from "./model.js";
import { OPERATORS } from "./translate/operations.js";

/**
 * All operators that are not known, in the subgraphs that the model runs too, each once with how often it is there.
 *
 * @throws FormatError that names the first
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
    `not supported: ${missing.join(", ")}; ${wayOut([...counts.keys()])}`,
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

/** Those of the subgraph, and of all that they run. */
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

/** What to do about it. */
function wayOut(names: readonly string[]): string {
  const other =
    "the Keras file (.keras, .h5) or the ONNX file that the model was made of can be read instead";
  if (names.some((name) => name.startsWith("FlexTensorList")))
    return `these run in TensorFlow alone: convert the Keras model again with a batch of 1 (an Input with batch_size=1, or unroll=True in its recurrent layers), which writes the recurrence as one operator or as steps; or ${other}`;
  if (names.some((name) => name.startsWith("Flex")))
    return `operators named Flex… run in TensorFlow alone: convert the model without SELECT_TF_OPS; or ${other}`;
  return `convert the model with ${names.length > 1 ? "these" : "this"} written as other operators; or ${other}`;
}
