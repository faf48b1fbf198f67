/*
 * How a recurrent layer runs over a sequence, and the layer that it becomes, whatever its cell.
 */
import type { StateDict } from "../../safetensors.js";
import type { CellWeights } from "./cells.js";
import { flag, type LayerConfig, number } from "./config.js";
import { type Reading, refuse } from "./context.js";
import type { Piece } from "./make.js";
import { maskRule } from "./producer.js";

/** How a layer runs over the sequence, whatever its cell. */
export interface Run {
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
  /** zero_output_for_mask: the outputs at masked steps are zeros. */
  readonly zeros: boolean;
}

/** How `inner` runs. The report names `layer`, which may be a wrapper around it. */
export function readRun(
  inner: LayerConfig,
  reading: Reading,
  layer = inner,
): Run {
  const { config } = inner;
  if (flag(config, "time_major", false))
    refuse(layer, "expected the batch axis first, got time_major");
  const note = (line: string) => `${layer.name}: ${line}`;
  for (const name of ["dropout", "recurrent_dropout"]) {
    const rate = number(config, name, 0);
    if (rate !== 0) reading.ignored.push(note(`${name} ${rate}`));
  }
  if (flag(config, "stateful", false))
    reading.warnings.push(
      note(
        "stateful: no state is kept between calls; pass forward the state that the previous call returned, or use a stream",
      ),
    );
  return {
    returnSequences: flag(config, "return_sequences", false),
    goBackwards: flag(config, "go_backwards", false),
    zeros: flag(config, "zero_output_for_mask", false),
  };
}

/** @throws FormatError after a layer with return_sequences false */
export function requireSequence(
  layer: LayerConfig,
  { lastOnly }: Reading,
): void {
  if (lastOnly)
    refuse(
      layer,
      "expected a sequence, got the last step of the layer before (return_sequences false)",
    );
}

/** A piece of one cell or two directions. */
export function pushRecurrent(
  layer: LayerConfig,
  cells: readonly CellWeights[],
  run: Run,
  {
    backwards = false,
    mergeMode = "concat",
    last,
  }: { backwards?: boolean; mergeMode?: string; last: boolean },
  reading: Reading,
): void {
  const [{ type, inputSize, units, resetAfter, convention }] = cells as [
    CellWeights,
  ];
  const two = cells.length === 2;
  const bias = cells.some(({ biases }) => biases !== null);
  // all but the last of several cells pass their steps on in time order
  const processing = backwards && run.returnSequences && last;
  const options = {
    inputSize,
    hiddenSize: units,
    bias,
    direction: two ? "bidirectional" : backwards ? "reverse" : "forward",
    returnSequences: run.returnSequences,
    maskRule: maskRule(reading.producer, run.zeros),
    ...(type === "GRU" && { resetAfter }),
    ...activationsOf(cells),
    ...(mergeMode !== "concat" && { mergeMode }),
    ...(processing && { outputOrder: "processing" }),
  };
  const outputSize = two && mergeMode === "concat" ? 2 * units : units;
  const how = [
    convention,
    ...(backwards ? ["go_backwards"] : []),
    ...(two ? [`both directions, ${mergeMode}`] : []),
    run.returnSequences ? "every step" : "last step",
  ];
  const piece: Piece = {
    type,
    options,
    dict: dictOf(cells, bias),
    outputSize,
    described: {
      name: layer.name,
      type: layer.className,
      sizes: { inputSize, units },
      convention: how.join(", "),
    },
  };
  reading.pieces.push(piece);
  reading.size = outputSize;
  reading.lastOnly = !run.returnSequences;
}

function dictOf(cells: readonly CellWeights[], bias: boolean): StateDict {
  const dict: StateDict = {};
  cells.forEach(
    ({ units, inputSize, kernel, recurrent, biases }, direction) => {
      const end = direction ? "_l0_reverse" : "_l0";
      const rows = recurrent.length / units;
      dict[`weight_ih${end}`] = { shape: [rows, inputSize], data: kernel };
      dict[`weight_hh${end}`] = { shape: [rows, units], data: recurrent };
      if (!bias) return;
      const zeros = new Float32Array(rows);
      const [ih, hh] = biases ?? [zeros, zeros];
      dict[`bias_ih${end}`] = { shape: [rows], data: ih };
      dict[`bias_hh${end}`] = { shape: [rows], data: hh };
    },
  );
  return dict;
}

/** No option for the standard ones, whose kernels are faster. */
function activationsOf(cells: readonly CellWeights[]) {
  const [{ type, activations: first }] = cells as [CellWeights];
  const same = cells.every(
    ({ activations }) => JSON.stringify(activations) === JSON.stringify(first),
  );
  if (same && type === "RNN" && (first[0] === "tanh" || first[0] === "relu"))
    return { nonlinearity: first[0] };
  if (same && type !== "RNN" && first[0] === "sigmoid" && first[1] === "tanh")
    return {};
  const all = same ? first : cells.flatMap(({ activations }) => activations);
  return { activations: all };
}
