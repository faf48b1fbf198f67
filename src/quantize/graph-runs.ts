/*
 * Graphs on the data that they are calibrated on: sequences of frames, the states handed on.
 */
import { isRecord, wrong } from "../checks.js";
import type { Graph, GraphStream } from "../graph/index.js";
import type { Tensor } from "../tensor.js";
import { Difference } from "./measure.js";
import type { GraphFrame } from "./options.js";
import type { Deviation } from "./report.js";

/** A frame at a time. */
export type Sequence = readonly GraphFrame[];

/** What is no list is a sequence of one frame. @throws TypeError for anything but named inputs; RangeError for no frames */
export function sequencesOf(data: readonly unknown[]): Sequence[] {
  return data.map((given, i) => {
    const frames: unknown[] = Array.isArray(given) ? given : [given];
    if (!frames.length)
      throw wrong(true, `calibrate[${i}]`, "at least one frame", given);
    frames.forEach((frame, at) => {
      if (isRecord(frame) && !ArrayBuffer.isView(frame)) return;
      const place = Array.isArray(given) ? `[${i}][${at}]` : `[${i}]`;
      const expected = "inputs of the graph by their names, or a list of such";
      throw wrong(false, `calibrate${place}`, expected, frame);
    });
    return frames as GraphFrame[];
  });
}

/** One sequence running through a graph. */
class Pass {
  readonly #graph: Graph;
  readonly #stream: GraphStream | null;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#stream = graph.streamable ? graph.stream() : null;
  }

  /** All outputs; `traced`: whether to copy what nodes make of this name. */
  step(
    frame: GraphFrame,
    traced: ReadonlySet<string> = new Set(),
  ): { outputs: Record<string, Tensor>; made: [string, ArrayLike<number>][] } {
    const made: [string, ArrayLike<number>][] = [];
    const trace = (
      name: string,
      { data }: { data: Float32Array | Float64Array },
    ) => {
      if (traced.has(name)) made.push([name, data.slice()]);
    };
    if (!this.#stream) {
      const { runner } = this.#graph;
      const values = runner.compute(runner.check(frame), trace);
      return { outputs: runner.tensors(values), made };
    }
    const inputs = Object.entries(frame);
    const isState = ([name]: [string, unknown]) =>
      this.#graph.inputs.some((port) => port.name === name && port.state);
    const states = inputs.filter(isState);
    if (states.length)
      this.#stream.state = {
        ...this.#stream.state,
        ...Object.fromEntries(states),
      };
    const others = inputs.filter((input) => !isState(input));
    const outputs = this.#stream.trace(Object.fromEntries(others), trace);
    return { outputs, made };
  }
}

/** Runs a graph on all of a sequence. */
export function runOn(graph: Graph, sequence: Sequence): void {
  const pass = new Pass(graph);
  for (const frame of sequence) pass.step(frame);
}

/**
 * How far a graph is from another of the same nodes: at its outputs, and in what nodes make under these names.
 *
 * Both run side by side: of long data all that nodes make would not fit into memory.
 */
export function compare(
  actual: Graph,
  expected: Graph,
  data: readonly Sequence[],
  names: ReadonlySet<string> = new Set(),
): { output: Deviation | null; made: Deviation | null } {
  const outputs = new Difference();
  const made = new Difference();
  const compared = comparedOutputs(expected);
  for (const sequence of data) {
    const [own, other] = [new Pass(actual), new Pass(expected)];
    for (const frame of sequence) {
      const found = own.step(frame, names);
      const wanted = other.step(frame, names);
      for (const name of compared)
        outputs.add(
          (found.outputs[name] as Tensor).data,
          (wanted.outputs[name] as Tensor).data,
        );
      wanted.made.forEach(([name, numbers], i) => {
        const [same, values] = found.made[i] ?? [name, []];
        made.add(same === name ? values : [], numbers);
      });
    }
  }
  return { output: outputs.deviation, made: made.deviation };
}

/** Outputs that are floats and no states; all, where there are none. */
function comparedOutputs({ inputs, outputs }: Graph): string[] {
  const states = new Set(inputs.map(({ state }) => state));
  const all = outputs.map(({ name }) => name);
  const own = outputs.filter(({ name }) => !states.has(name));
  const floats = own.filter(({ type }) => !/^(u?int|bool)/.test(type));
  return floats.length ? floats.map(({ name }) => name) : all;
}
