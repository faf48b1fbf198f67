import type {
  CellActivation,
  State,
  StateDict,
  Tensor,
} from "../../src/index.js";
import { cells, type Gates, type Vector } from "./textbook-cells.js";
import type { AnyOptions, Kind } from "./layers.js";

/*
 * Recurrent layers in float64, written from the equations for reading, not for speed. Nothing is shared with src.
 * Results are flat and row-major: output [B, T, D·O], hidden [L·D, B, O], cell [L·D, B, H].
 */

export interface TextbookStep {
  layer: number;
  direction: "forward" | "reverse";
  row: number;
  time: number;
  gates: Gates;
}

export interface TextbookResult {
  output: Float64Array;
  hidden: Float64Array;
  cell: Float64Array;
  steps: TextbookStep[];
}

export function textbook(
  kind: Kind,
  options: AnyOptions,
  weights: StateDict,
  input: Tensor,
  start: {
    state?: State;
    lengths?: readonly number[];
    mask?: readonly (readonly number[])[];
  } = {},
): TextbookResult {
  const [batch, time, width] =
    input.shape.length === 3 ? input.shape : [1, ...input.shape];
  if (!batch || !time || !width)
    throw new Error(`no such input: [${input.shape}]`);
  const { hiddenSize: H, numLayers = 1, direction = "forward" } = options;
  const O = options.projSize || H;
  const { mergeMode = "concat", outputOrder = "time" } = options;
  const { maskRule = "zero" } = options;
  const turned = outputOrder === "processing" && direction === "reverse";
  const directions =
    direction === "bidirectional"
      ? (["forward", "reverse"] as const)
      : [direction];
  const D = directions.length;
  const hidden = new Float64Array(numLayers * D * batch * O);
  const cell = new Float64Array(numLayers * D * batch * H);
  const size = mergeMode === "concat" ? D * O : O;
  const output = new Float64Array(batch * time * size);
  const steps: TextbookStep[] = [];

  for (let row = 0; row < batch; row++) {
    const length = start.lengths?.[row] ?? time;
    let sequence = rows(input.data, width).slice(
      row * time,
      row * time + length,
    );
    let mask = start.mask?.[row]!.slice(0, length) ?? sequence.map(() => 1);
    for (let layer = 0; layer < numLayers; layer++) {
      const each: Vector[][] = sequence.map(() => []);
      directions.forEach((direction, d) => {
        const suffix = `_l${layer}${D === 2 && direction === "reverse" ? "_reverse" : ""}`;
        const slot = (layer * D + d) * batch + row;
        const first = (
          given: Tensor | undefined,
          name: string,
          size: number,
        ): Vector =>
          given
            ? rows(given.data, size)[slot]!
            : [...(weights[name + suffix]?.data ?? new Float32Array(size))];
        let h = first(start.state?.hidden, "hidden0", O);
        let c = first(start.state?.cell, "cell0", H);
        const order = sequence.map((_, t) => t);
        if (direction === "reverse") order.reverse();
        let before: Vector = h.map((first) =>
          maskRule === "state" ? first : 0,
        );
        for (const time of order) {
          if (!mask[time]) {
            each[time]!.push(maskRule === "zero" ? h.map(() => 0) : before);
            continue;
          }
          const gates = cells[kind](
            named(weights, suffix),
            sequence[time]!,
            h,
            c,
            { ...options, activations: activationsOf(kind, options, d) },
          );
          h = gates.hidden!;
          c = gates.cell ?? c;
          before = h;
          each[time]!.push(h);
          steps.push({ layer, direction, row, time, gates });
        }
        hidden.set(h, slot * O);
        cell.set(c, slot * H);
      });
      sequence = each.map((outputs) => merged(outputs, mergeMode));
      if (turned) sequence.reverse();
      if (turned) mask = [...mask].reverse();
    }
    sequence.forEach((y, t) => output.set(y, (row * time + t) * size));
  }
  return { output, hidden, cell, steps };
}

/** The outputs of one step's directions as one. */
function merged(
  outputs: readonly Vector[],
  mode: NonNullable<AnyOptions["mergeMode"]>,
): Vector {
  const [forward, reverse] = outputs;
  if (mode === "concat" || !reverse) return outputs.flat();
  return forward!.map((f, i) => {
    const r = reverse[i]!;
    return mode === "mul" ? f * r : mode === "sum" ? f + r : (f + r) / 2;
  });
}

/** The activations of direction d, where each has its own. */
function activationsOf(
  kind: Kind,
  { activations = [] }: AnyOptions,
  d: number,
): readonly CellActivation[] {
  const count = { RNN: 1, GRU: 2, LSTM: 3 }[kind];
  const from = activations.length > count ? d * count : 0;
  return activations.slice(from, from + count);
}

function named(
  weights: StateDict,
  suffix: string,
): (name: string) => Tensor | undefined {
  return (name) => weights[name + suffix];
}

function rows(data: Float32Array, width: number): Vector[] {
  return Array.from({ length: data.length / width }, (_, r) => [
    ...data.subarray(r * width, (r + 1) * width),
  ]);
}
