/*
 * Graphs that are a chain of layers: as a Sequential they train, stream and are saved as such, with the same outputs.
 *
 * A file's graph is one where each node goes on with what the node before made, from the one input [B, T, I] (or tokens
 * [B, T]) to the one output [B, T, O] or [B, O], no state is given or comes out, and a layer of ours computes each
 * node, or some of them together: whatever else it has, it stays a graph.
 */
import type { PortNames } from "../../models/ports.js";
import { Sequential } from "../../models/sequential.js";
import type { PortDescription } from "../description.js";
import type { Graph } from "../graph.js";
import { dtypeOf } from "../ports.js";
import { Draft } from "./draft.js";
import { read } from "./layers.js";
import { type Link, linksOf } from "./link.js";
import { probed } from "./probe.js";

/**
 * The graph as a Sequential, with the same outputs and the names of its input and output: where it is a chain of layers
 * that gatewise has, batch first, from one input to one output, with states that start from zeros. null else.
 */
export function toSequential(graph: Graph): Sequential | null {
  const { description, plan, inputs, precision, backend } = graph.compiled;
  const [input] = inputs;
  const [output] = description.outputs;
  if (!input || !output || input.initial) return null;
  const draft = draftOf(input.port);
  if (!draft) return null;
  // a Conv1d has no integers
  const fits = ({ step }: Link) =>
    precision === "float32" || step.node.type !== "Conv";
  try {
    const chained = linksOf(plan)?.every(
      (link) =>
        fits(link) &&
        (read(link, draft) || (!draft.isPadded && probed(link, draft))),
    );
    if (!chained || draft.isPadded || !/^BT?F$/.test(draft.axes)) return null;
    const names = { input: namesOf(input.port), output: namesOf(output) };
    const chain = new Sequential(draft.build(backend), { names });
    // that a file's input does not fit is the graph's to say, by the node
    const size = input.port.shape?.[2];
    return typeof size !== "number" || size === chain.inputSize ? chain : null;
  } catch (error) {
    // nor do sizes among each other
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
}

/** Of an input [B, T, I] of floats, or [B, T] of tokens. */
function draftOf({ type, shape }: PortDescription): Draft | null {
  const dtype = dtypeOf(type);
  const [, , size] = shape ?? [];
  if (dtype === "float32" && shape?.length === 3)
    return new Draft("BTF", typeof size === "number" ? size : 0);
  const tokens = dtype === "int64" || dtype === "int32";
  return tokens && shape?.length === 2 ? new Draft("BT", 1) : null;
}

const namesOf = ({ name, shape }: PortDescription): PortNames => ({
  name,
  sizes: shape ?? [],
});
