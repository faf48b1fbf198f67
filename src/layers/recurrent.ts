import {
  boolean,
  isRecord,
  message,
  oneOf,
  positiveInteger,
  wrong,
} from "../checks.js";
import type { CellState } from "../kernel/forward.js";
import { type Backend, BACKENDS } from "../kernel/load.js";
import type { StageSpec } from "../kernel/network.js";
import type { Cell } from "../kernel/panels.js";
import { TraceSink } from "../kernel/trace.js";
import { seeded, uniform } from "../random.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { checkLengths, type Sequences, sequences } from "./input.js";
import { entriesUnder, matrixShape, Parameters } from "./parameters.js";
import { Runtime } from "./runtime.js";
import { joinState, splitState, type State } from "./state.js";
import { Stream, type StateView } from "./stream.js";

export const DIRECTIONS = ["forward", "reverse", "bidirectional"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** What RNN, LSTM and GRU are made with. */
export interface RecurrentOptions {
  /** I, the features of a time step. */
  inputSize: number;
  /** H, the units of a layer. */
  hiddenSize: number;
  /** L, layers one above another; 1 by default. */
  numLayers?: number;
  /** Whether units have biases; true by default. */
  bias?: boolean;
  /** 'forward' by default; 'bidirectional' runs both ways and joins the outputs. */
  direction?: Direction;
  /** true by default; false: the output is each sequence's last step alone (many-to-one). */
  returnSequences?: boolean;
  /** Of the initial weights, U(-1/√H, 1/√H); 0 by default. */
  seed?: number;
  /** The kernel; 'auto' by default. */
  backend?: Backend | "auto";
}

export interface ForwardOptions {
  /** Where to start; zeros by default. */
  state?: State;
  /**
   * B valid lengths: outputs past the end are 0, the final state is that of each sequence's own last step, and
   * the reverse direction starts there.
   */
  lengths?: readonly number[];
  /** Also return the gates of every step. */
  trace?: boolean;
}

/**
 * The gates of every layer and direction. LSTM: input, forget, candidate, output, cell, hidden. GRU: reset,
 * update, candidate, hidden. RNN: hidden. Each [B, T, H] or [T, H]; hidden [.., O].
 */
export type Trace = readonly TraceEntry[];
export interface TraceEntry {
  layer: number;
  direction: "forward" | "reverse";
  [gate: string]: Tensor | number | string;
}

export interface ForwardOutput {
  /** [B, T, D·O] or [T, D·O]; with returnSequences false [B, D·O] or [D·O]. */
  output: Tensor;
  state: State;
  trace?: Trace;
}

/** What one kind of layer adds to the options that all share. */
export interface CellKind {
  readonly kind: "rnn" | "lstm" | "gru";
  readonly name: string; // as users know the class
  readonly gates: number; // G
  readonly projSize: number; // 0: none
  readonly features: Pick<Cell, "activation" | "resetBefore" | "replace">;
}

/** The options that all three kinds share, checked, with the defaults filled in. */
export function commonOptions(options: unknown): Required<RecurrentOptions> {
  if (!isRecord(options)) throw wrong(false, "options", "an object", options);
  const seed = options["seed"] ?? 0;
  if (!Number.isSafeInteger(seed))
    throw wrong(typeof seed === "number", "seed", "an integer", seed);
  return {
    inputSize: positiveInteger(options["inputSize"], "inputSize"),
    hiddenSize: positiveInteger(options["hiddenSize"], "hiddenSize"),
    numLayers: positiveInteger(options["numLayers"] ?? 1, "numLayers"),
    bias: boolean(options["bias"] ?? true, "bias"),
    direction: oneOf(
      options["direction"] ?? "forward",
      "direction",
      DIRECTIONS,
    ),
    returnSequences: boolean(
      options["returnSequences"] ?? true,
      "returnSequences",
    ),
    seed: seed as number,
    backend: oneOf(options["backend"] ?? "auto", "backend", [
      ...BACKENDS,
      "auto",
    ]),
  };
}

/** What RNN, LSTM and GRU share: weights by PyTorch's names, forward over sequences, streams. */
export abstract class Recurrent<Options extends Required<RecurrentOptions>> {
  readonly options: Readonly<Options>;
  readonly #kind: CellKind;
  readonly #parameters: Parameters;
  readonly #cells: readonly Cell[];
  readonly #runtime: Runtime;
  /** @internal */
  readonly stages: readonly StageSpec[];

  protected constructor(options: Options, kind: CellKind) {
    this.options = Object.freeze(options);
    this.#kind = kind;
    this.#parameters = initialParameters(options, kind);
    this.stages = stagesOf(options, kind, this.#parameters);
    this.#cells = this.stages.flatMap((stage) => stage.cells);
    this.#runtime = new Runtime(kind.name, [this], options.backend);
  }

  /** @internal */
  get version(): number {
    return this.#parameters.version;
  }

  /** D·O, the features of an output step. */
  get outputSize(): number {
    return (
      directionsOf(this.options).length *
      (this.#kind.projSize || this.options.hiddenSize)
    );
  }

  /**
   * Runs whole sequences.
   *
   * @param input [B, T, I] or [T, I]
   * @returns output [B, T, D·O] or [T, D·O], with returnSequences false [B, D·O] or [D·O] (each direction's last
   *   computed step: for reverse that is time 0), and the final state; all of it copies
   * @throws TypeError, RangeError that name the argument; nothing has then changed
   */
  forward(input: TensorLike, options: ForwardOptions = {}): ForwardOutput {
    const given = sequences(input, this.options.inputSize);
    const { state, trace, ...rest } = checkForwardOptions(options);
    const lengths = checkLengths(rest.lengths, given);
    const axis = given.batched ? given.batch : null;
    const states =
      state === undefined ? [] : splitState(state, this.#cells, axis, "state");
    if (trace) return this.#traced(given, states, lengths);
    const { batch, steps, data } = given;
    const result = this.#runtime.model.forward({
      input: data,
      batch,
      steps,
      lengths,
      states,
      trace: null,
    });
    return {
      output: { shape: this.#outputShape(given), data: result.output },
      state: joinState(result.states, this.#cells, axis),
    };
  }

  #outputShape({ batch, steps, batched }: Sequences): number[] {
    const axes = this.options.returnSequences ? [batch, steps] : [batch];
    return [...(batched ? axes : axes.slice(1)), this.outputSize];
  }

  /** Row by row, because the kernel leaves the gates of one row. */
  #traced(
    given: Sequences,
    states: readonly CellState[],
    lengths: readonly number[] | null,
  ): ForwardOutput {
    const { batch, steps, data, batched } = given;
    const { inputSize } = this.options;
    const rowOf = (values: Float32Array, row: number) =>
      values.subarray(
        (row * values.length) / batch,
        ((row + 1) * values.length) / batch,
      );
    const runs = Array.from({ length: batch }, (_, row) => {
      const valid = lengths?.[row] ?? steps;
      const sink = new TraceSink(steps);
      const start = row * steps * inputSize;
      const result = this.#runtime.model.forward({
        input: data.subarray(start, start + valid * inputSize),
        batch: 1,
        steps: valid,
        lengths: null,
        states: states.map(({ hidden, cell }) => ({
          hidden: rowOf(hidden, row),
          cell: cell && rowOf(cell, row),
        })),
        trace: sink,
      });
      return { ...result, sink };
    });
    const shape = this.#outputShape(given);
    const output = new Float32Array(
      shape.reduce((size, axis) => size * axis, 1),
    );
    runs.forEach((run, row) =>
      output.set(run.output, (row * output.length) / batch),
    );
    const stacked = (
      parts: readonly Float32Array[],
      axes: number[],
      size: number,
    ): Tensor => {
      const values = new Float32Array(
        axes.reduce((total, axis) => total * axis, size),
      );
      parts.forEach((part, row) =>
        values.set(part, (row * values.length) / batch),
      );
      return { shape: [...axes, size], data: values };
    };
    const axes = batched ? [batch, steps] : [steps];
    const directions = directionsOf(this.options);
    const trace = this.#cells.map((cell, index): TraceEntry => {
      const entry: TraceEntry = {
        layer: Math.floor(index / directions.length),
        direction: directions[index % directions.length] as
          "forward" | "reverse",
      };
      const traced = runs.map(({ sink }) =>
        sink.cells.find(({ cell: place }) => place.cell === cell),
      );
      for (const gate of Object.keys(traced[0]?.gates ?? {})) {
        const size = gate === "hidden" ? cell.outputSize : cell.hiddenSize;
        entry[gate] = stacked(
          traced.map((one) => one?.gates[gate] as Float32Array),
          axes,
          size,
        );
      }
      return entry;
    });
    const joined = this.#cells.map((cell, index) => {
      const of = (
        pick: (state: CellState) => Float32Array | null,
        size: number,
      ) =>
        stacked(
          runs.map(
            (run) => pick(run.states[index] as CellState) as Float32Array,
          ),
          [batch],
          size,
        ).data;
      return {
        hidden: of((state) => state.hidden, cell.outputSize),
        cell:
          this.#kind.kind === "lstm"
            ? of((state) => state.cell, cell.hiddenSize)
            : null,
      };
    });
    const state = joinState(joined, this.#cells, batched ? batch : null);
    return { output: { shape, data: output }, state, trace };
  }

  /**
   * A stream over this layer, from zeros or from `state` (that of an input without B).
   *
   * @throws RangeError for reverse and bidirectional layers, which need the future
   */
  stream(options: { state?: State } = {}): Stream {
    checkCausal(this.options.direction, this.#kind.name);
    const stream = new Stream({
      runtime: this.#runtime,
      view: cellStates(this.#cells, "state"),
      embedding: null,
    });
    if (options.state !== undefined) stream.state = options.state;
    return stream;
  }

  /** Copies of the weights by PyTorch's names, in its gate order and shapes. */
  stateDict(): StateDict {
    return this.#parameters.dict();
  }

  /**
   * Takes over weights by PyTorch's names under `prefix`; streams keep their states.
   *
   * @throws TypeError, RangeError for a parameter that is missing, has another shape or is unknown; nothing has
   *   then changed
   */
  loadStateDict(dict: StateDict, options: { prefix?: string } = {}): this {
    this.#parameters.load(dict, options.prefix ?? "", this.#kind.name);
    return this;
  }

  /** @internal */
  prepareStateDict(dict: StateDict, prefix: string): () => void {
    return this.#parameters.prepare(dict, prefix, this.#kind.name);
  }

  /** Gives the kernel's memory back now. Optional: an unreachable layer gives it back by itself. */
  dispose(): void {
    this.#runtime.dispose();
  }
}

export function checkCausal(direction: Direction, name: string): void {
  if (direction === "forward") return;
  throw new RangeError(
    message(
      "stream",
      `a forward ${name}`,
      `a ${direction} one, which needs the future`,
    ),
  );
}

export function checkForwardOptions(options: unknown): {
  state: unknown;
  lengths: unknown;
  trace: boolean;
} {
  if (!isRecord(options)) throw wrong(false, "options", "an object", options);
  return {
    state: options["state"],
    lengths: options["lengths"],
    trace: boolean(options["trace"] ?? false, "trace"),
  };
}

/** Reads and writes the states of a stream: each cell's h and c, padded to quads, one after another. */
export function cellStates(
  cells: readonly Cell[],
  name: string,
): StateView<State> {
  const quads = (size: number) => Math.ceil(size / 4) * 4;
  const places: { h: number; c: number }[] = [];
  let at = 0;
  for (const { kind, outputSize, hiddenSize } of cells) {
    const h = at;
    const c = h + quads(outputSize);
    at = c + (kind === "lstm" ? quads(hiddenSize) : 0);
    places.push({ h, c });
  }
  return {
    read(states) {
      const parts = cells.map(({ kind, outputSize, hiddenSize }, index) => {
        const { h, c } = places[index] as { h: number; c: number };
        return {
          hidden: states.subarray(h, h + outputSize),
          cell: kind === "lstm" ? states.subarray(c, c + hiddenSize) : null,
        };
      });
      return joinState(parts, cells, null);
    },
    write(state, states) {
      splitState(state, cells, null, name).forEach(
        ({ hidden, cell }, index) => {
          const { h, c } = places[index] as { h: number; c: number };
          states.set(hidden, h);
          if (cell) states.set(cell, c);
        },
      );
    },
  };
}

function directionsOf({
  direction,
}: {
  direction: Direction;
}): ("forward" | "reverse")[] {
  return direction === "bidirectional" ? ["forward", "reverse"] : [direction];
}

/** PyTorch's suffix of a parameter: its layer, and _reverse for the second of two directions. */
const suffix = (layer: number, direction: number): string =>
  `_l${layer}${direction === 1 ? "_reverse" : ""}`;

function initialParameters(
  options: Required<RecurrentOptions>,
  { gates, projSize }: CellKind,
): Parameters {
  const { inputSize, hiddenSize, numLayers, bias, seed } = options;
  const directions = directionsOf(options);
  const outputSize = projSize || hiddenSize;
  const random = seeded(seed);
  const tensors: [string, Tensor][] = [];
  const add = (name: string, ...shape: number[]) => {
    const size = shape.reduce((product, axis) => product * axis, 1);
    tensors.push([
      name,
      { shape, data: uniform(size, 1 / Math.sqrt(hiddenSize), random) },
    ]);
  };
  for (let layer = 0; layer < numLayers; layer++) {
    for (const direction of directions.keys()) {
      const end = suffix(layer, direction);
      add(
        `weight_ih${end}`,
        gates * hiddenSize,
        layer ? outputSize * directions.length : inputSize,
      );
      add(`weight_hh${end}`, gates * hiddenSize, outputSize);
      if (bias) add(`bias_ih${end}`, gates * hiddenSize);
      if (bias) add(`bias_hh${end}`, gates * hiddenSize);
      if (projSize) add(`weight_hr${end}`, projSize, hiddenSize);
    }
  }
  return new Parameters(tensors);
}

function stagesOf(
  options: Required<RecurrentOptions>,
  kind: CellKind,
  parameters: Parameters,
): StageSpec[] {
  const { inputSize, hiddenSize, numLayers, returnSequences } = options;
  const directions = directionsOf(options);
  const outputSize = kind.projSize || hiddenSize;
  return Array.from({ length: numLayers }, (_, layer) => ({
    lastOnly: !returnSequences && layer === numLayers - 1,
    cells: directions.map((direction, index): Cell => {
      const of = (name: string) => parameters.get(name + suffix(layer, index));
      return {
        kind: kind.kind,
        inputSize: layer ? outputSize * directions.length : inputSize,
        hiddenSize,
        outputSize,
        ...kind.features,
        reverse: direction === "reverse",
        weights: () => ({
          ih: of("weight_ih") as Float32Array,
          hh: of("weight_hh") as Float32Array,
          biasIh: of("bias_ih"),
          biasHh: of("bias_hh"),
          hr: of("weight_hr"),
        }),
      };
    }),
  }));
}

/** The options that a state dict's names and shapes tell. */
export function optionsFromDict(dict: unknown, prefix: string, gates: number) {
  const entries = entriesUnder(dict, prefix);
  const [gateRows, inputSize] = matrixShape(entries, "weight_ih_l0", prefix);
  const [, outputSize] = matrixShape(entries, "weight_hh_l0", prefix);
  const hiddenSize = gateRows / gates;
  if (!Number.isInteger(hiddenSize)) {
    throw new RangeError(
      message(
        `dict["${prefix}weight_ih_l0"]`,
        `[${gates} · H, I]`,
        `[${gateRows}, ${inputSize}]`,
      ),
    );
  }
  let numLayers = 1;
  while (entries.has(`weight_ih_l${numLayers}`)) numLayers++;
  return {
    inputSize,
    hiddenSize,
    numLayers,
    bias: entries.has("bias_ih_l0"),
    projSize: entries.has("weight_hr_l0") ? outputSize : 0,
    direction: (entries.has("weight_ih_l0_reverse")
      ? "bidirectional"
      : "forward") as Direction,
  };
}
