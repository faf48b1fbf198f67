import { message, wrong } from "../checks.js";
import type { Graph } from "../graph/index.js";
import type { Layer } from "../layers/layer.js";
import type { Precision } from "../layers/options.js";
import type { Trace } from "../layers/traced.js";
import { compare, runOn, type Sequence, sequencesOf } from "./graph-runs.js";
import { bytesOf, canQuantize, copied, inPrecision } from "./layers.js";
import { centre, collect, type Means, Sums } from "./means.js";
import { timing } from "./measure.js";
import { matricesOf, type Matrices, textOf } from "./matrices.js";
import type { Chosen } from "./options.js";
import type { Tensor } from "../tensor.js";
import {
  type Deviation,
  type LayerReport,
  type QuantizeReport,
  reportOf,
} from "./report.js";

/** A graph of the same nodes, their matrices as integers. */
export function quantizeGraph(
  graph: Graph,
  { precision, data, keep }: Chosen<unknown>,
): { model: Graph; report: QuantizeReport } {
  const sequences = sequencesOf(data);
  const { precision: given, keep: kept } = graph.compiled;
  // as it is, but for names of nodes that differ from each other
  const exact = graph.recompiled({ precision: given, keep: kept }, copied);
  const before = matricesOf(exact);
  const names = namesOf(inIntegers(exact, precision, []));
  const chosen = names.filter((name) => !keep.includes(name));
  checkKeep(keep, names, chosen);
  const model = inIntegers(
    exact,
    precision,
    names.filter((name) => !chosen.includes(name)),
  );
  const after = matricesOf(model);
  const seen = sequences.length ? inputsOf(model, after, sequences) : null;
  const layers = names.map((name): LayerReport => {
    const own = after.get(name) as Matrices;
    const rounded = chosen.includes(name);
    const alone =
      rounded && seen?.work.has(name)
        ? centredAlone(
            { exact, precision, names, sequences },
            name,
            before.get(name) as Matrices,
            own,
            seen.means,
          )
        : null;
    return {
      name,
      layer: textOf(own),
      precision: rounded ? precision : "float32",
      bytes: {
        before: sizeOf((before.get(name) as Matrices).layers),
        after: sizeOf(own.layers),
      },
      error: alone && alone.made,
      sensitivity: alone && alone.output,
    };
  });
  const [first] = sequences;
  const report = reportOf({
    precision,
    layers,
    output: compare(model, exact, sequences).output,
    bytes: { before: bytesIn(exact, before), after: bytesIn(model, after) },
    time: first
      ? timing(
          () => runOn(exact, first),
          () => runOn(model, first),
        )
      : null,
    work: ({ name }) => seen?.work.get(name) ?? 0,
  });
  exact.dispose();
  return { model, report };
}

/** The graph with its matrices as integers but those of these nodes. */
const inIntegers = (
  graph: Graph,
  precision: Precision,
  keep: readonly string[],
): Graph =>
  graph.recompiled({ precision, keep }, (layer, name) => {
    if (!canQuantize(layer)) return copied(layer);
    return inPrecision(layer, keep.includes(name) ? "float32" : precision, {});
  });

/** The nodes whose matrices have become integers. */
function namesOf(graph: Graph): string[] {
  const names = Array.from(matricesOf(graph), ([name, { layers }]) =>
    layers.some(isRounded) ? [name] : [],
  );
  graph.dispose();
  return names.flat();
}

const isRounded = (layer: Layer): boolean => layer.precision !== "float32";

function checkKeep(
  keep: readonly unknown[],
  names: readonly string[],
  chosen: readonly string[],
): void {
  for (const name of keep) {
    if (names.includes(name as string)) continue;
    const expected = `names of nodes with matrices, ${names.map((own) => JSON.stringify(own)).join(", ") || "of which there are none"}`;
    throw wrong(typeof name === "string", "keep", expected, name);
  }
  if (chosen.length) return;
  const expected =
    "a node with a matrix that is known at load and not kept in float32";
  throw new RangeError(message("model", expected, "none"));
}

/** What rounded layers multiply on average, and how many multiplications the nodes that have them take; none that never ran. */
interface Seen {
  readonly means: ReadonlyMap<Layer, Means>;
  readonly work: ReadonlyMap<string, number>;
}

function inputsOf(
  model: Graph,
  nodes: ReadonlyMap<string, Matrices>,
  sequences: readonly Sequence[],
): Seen {
  const { shared } = model.compiled;
  const sums = new Map<Layer, Sums>();
  const names = new Map<Layer, string>();
  for (const [name, { layers }] of nodes)
    for (const layer of layers.filter(isRounded)) {
      names.set(layer, name);
      sums.set(layer, new Sums());
    }
  const work = new Map<string, number>();
  shared.watch = (layer, input, options) => {
    const own = sums.get(layer);
    const name = names.get(layer);
    if (!own || name === undefined) return;
    const rows = input.data.length / layer.inputSize;
    work.set(name, (work.get(name) ?? 0) + rows * layer.multiplications);
    // steps that are masked count for nothing
    if ("mask" in options || "lengths" in options) return;
    const gates = traceOf(layer, input, options);
    collect(layer, input, gates, own, options.state?.hidden ?? null);
  };
  try {
    for (const sequence of sequences) runOn(model, sequence);
  } finally {
    shared.watch = null;
  }
  const means = Array.from(
    sums,
    ([layer, own]) => [layer, own.means()] as const,
  );
  return { means: new Map(means), work };
}

/** The gates of a recurrent layer; null of others. */
function traceOf(layer: Layer, input: Tensor, options: object): Trace | null {
  if (!["RNN", "LSTM", "GRU"].includes(layer.type)) return null;
  const recurrent = layer as unknown as {
    forward(input: Tensor, options: object): { trace: Trace };
  };
  return recurrent.forward(input, { ...options, trace: true }).trace;
}

/** A graph, what it is measured on, and all of its nodes that can be rounded. */
interface Measured {
  readonly exact: Graph;
  readonly precision: Precision;
  readonly names: readonly string[];
  readonly sequences: readonly Sequence[];
}

/**
 * How far the graph is from itself with one node alone in integers, at its outputs and in what the node makes.
 *
 * Takes off the node's biases what rounding adds on average, in `after` too, where the outputs are then nearer: behind the
 * first convolution of Silero, whose inputs are near 0 but for a few loud frames, the mean makes the error 2.5 times as
 * large, behind others a third.
 */
function centredAlone(
  { exact, precision, names, sequences }: Measured,
  name: string,
  before: Matrices,
  after: Matrices,
  means: ReadonlyMap<Layer, Means>,
): { output: Deviation | null; made: Deviation | null } {
  const others = names.filter((other) => other !== name);
  const graph = inIntegers(exact, precision, others);
  const trial = matricesOf(graph).get(name) as Matrices;
  const measure = () => compare(graph, exact, sequences, after.outputs);
  /** Whether a bias has been moved. */
  const move = ({ layers, bias }: Matrices): boolean => {
    const moved = layers.map((layer, i) => {
      const own = means.get(after.layers[i] as Layer);
      return !!own && centre(layer, before.layers[i] as Layer, own, bias);
    });
    return moved.includes(true);
  };
  let found = measure();
  if (move(trial)) {
    const other = measure();
    if ((other.output?.rms ?? 0) < (found.output?.rms ?? 0)) {
      move(after);
      found = other;
    }
  }
  graph.dispose();
  return found;
}

const sizeOf = (layers: readonly Layer[]): number =>
  layers.reduce((all, layer) => all + bytesOf(layer), 0);

/** Bytes of all floats and integers in a graph's file. */
function bytesIn(
  { compiled }: Graph,
  nodes: ReadonlyMap<string, Matrices>,
): number {
  let bytes = 0;
  for (const { layers } of nodes.values()) bytes += sizeOf(layers);
  for (const value of compiled.plan.constants)
    if (value?.dtype === "float32") bytes += value.data.byteLength;
  return bytes;
}
