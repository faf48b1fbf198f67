import {
  type Graph,
  GraphBuilder,
  type GraphOptions,
} from "../../src/graph/index.js";
import type { Tensor } from "../../src/index.js";
import { Random } from "../support/random.js";

export const HIDDEN = 24;

/** Frames [1, 12, 6] through a convolution, an LSTM whose states are inputs, and a product, as voice detectors are. */
export function listener(options: GraphOptions = {}): Graph {
  const random = new Random(1);
  const builder = new GraphBuilder();
  const constant = (...shape: number[]) =>
    builder.constant(random.tensor(shape, -0.3, 0.3));
  const frame = builder.input("x", [1, 12, 6]);
  const state = [1, 1, HIDDEN];
  const h = builder.input("h", state, "float32", undefined, "hn");
  const c = builder.input("c", state, "float32", undefined, "cn");
  const convolved = builder.add(
    "Conv",
    [frame, constant(32, 12, 3), constant(32)],
    {},
    { name: "encoder" },
  );
  const steps = builder.add("Transpose", [builder.add("Relu", [convolved])], {
    perm: [2, 0, 1],
  });
  const weights = [
    constant(1, 4 * HIDDEN, 32),
    constant(1, 4 * HIDDEN, HIDDEN),
    constant(1, 8 * HIDDEN),
  ];
  const [, hn, cn] = builder.addWide(
    "LSTM",
    [steps, ...weights, "", h, c],
    3,
    { hidden_size: HIDDEN },
    { name: "memory" },
  ) as [string, string, string];
  const last = builder.add("Reshape", [hn, builder.integers([1, HIDDEN])]);
  // a node without a name is called by its output
  const head = builder.add(
    "Gemm",
    [last, constant(HIDDEN, 3), constant(3)],
    {},
    { name: "" },
  );
  builder.output(head, { name: "y", shape: [1, 3] });
  builder.output(hn, { name: "hn", shape: state });
  builder.output(cn, { name: "cn", shape: state });
  return builder.build(options);
}

export type Frame = { x: Tensor };

export const frames = (seed: number, count = 12): Frame[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => ({
    x: random.tensor([1, 12, 6], 0, 2),
  }));
};
/** What a stream gives, frame by frame. */
export const outputsOf = (graph: Graph, sequence = frames(9)): Tensor[] => {
  const stream = graph.stream();
  return sequence.map((frame) => stream.step(frame)["y"]!);
};
export const flat = (tensors: readonly Tensor[]) =>
  tensors.flatMap(({ data }) => [...data]);
