/*
 * Named arrays through any model.
 */
import { message } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { Sequential } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import type { Arrays } from "../data/arrays.js";
import type { Graph } from "../model.js";
import { runWhole } from "./whole.js";

/** @param done how much of 1 there is */
export async function runArrays(
  model: Sequential | Graph,
  arrays: Arrays,
  done: (share: number) => void,
): Promise<Arrays> {
  if (!(model instanceof Sequential)) return runGraph(model, arrays);
  const input = arrays.get("input") ?? [...arrays.values()][0];
  if (!input || (arrays.size > 1 && !arrays.has("input"))) {
    const names = [...arrays.keys()].join(", ") || "none";
    throw new FormatError(message("arrays", "one, or one named input", names));
  }
  return new Map([["", await runWhole(model, input, done)]]);
}

function runGraph(graph: Graph, arrays: Arrays): Arrays {
  const named: [string, Tensor][] = Array.from(arrays, ([name, tensor]) => [
    // the only array of a file that has no names is the first input
    name === "" ? (graph.inputs[0]?.name ?? "") : name,
    tensor,
  ]);
  return new Map(Object.entries(graph.run(Object.fromEntries(named))));
}
