/*
 * Three cells whose weights were set by hand, so that every number can be followed: a pulse x (0 to 1) writes its height
 * into the memory, and the gates keep it. A unit's recurrent weights reach itself alone.
 */
import { GRU, LSTM, RNN, type StateDict, tensor, type Tensor } from "gatewise";

export const UNITS = 4;

/** What the reader may turn. */
export interface Knobs {
  /** Bias of the forget gate, and of the GRU's update gate: how far they stand open without input. */
  readonly keep: number;
  /** How much of a plain RNN's state comes back. */
  readonly recurrent: number;
}

export interface Traced {
  readonly name: "RNN" | "LSTM" | "GRU";
  /** Each [T, UNITS], by the names that a trace has. */
  readonly rows: readonly { readonly name: string; readonly values: Tensor }[];
}

/** Units differ a little, as trained ones do: the first forgets soonest. */
const offsets = [-1.5, -0.5, 0.5, 1.5];
const each = (value: (unit: number) => number): number[] =>
  Array.from({ length: UNITS }, (_, unit) => value(unit));

/** Gates in PyTorch's order: input weights, recurrent weights of a unit to itself, biases. */
function dict(
  gates: readonly {
    readonly w: number;
    readonly u: (unit: number) => number;
    readonly b: (unit: number) => number;
  }[],
): StateDict {
  const rows = gates.length * UNITS;
  const recurrent = new Float32Array(rows * UNITS);
  gates.forEach(({ u }, g) =>
    each(u).forEach((weight, unit) => {
      recurrent[(g * UNITS + unit) * UNITS + unit] = weight;
    }),
  );
  const column = gates.flatMap(({ w }) => each(() => w));
  return {
    weight_ih_l0: tensor(column, [rows, 1]),
    weight_hh_l0: { shape: [rows, UNITS], data: recurrent },
    bias_ih_l0: tensor(gates.flatMap(({ b }) => each(b))),
    bias_hh_l0: { shape: [rows], data: new Float32Array(rows) },
  };
}

export function weightsOf({ keep, recurrent }: Knobs) {
  const none = () => 0;
  const offset = (unit: number) => offsets[unit] as number;
  return {
    RNN: [
      {
        w: 1.5,
        u: (unit: number) => recurrent + 0.04 * offset(unit),
        b: none,
      },
    ],
    LSTM: [
      { w: 10, u: none, b: () => -5 }, // input: opens for a pulse
      { w: -8, u: none, b: (unit: number) => keep + offset(unit) }, // forget: closes for one
      { w: 1.5, u: none, b: none },
      { w: 0, u: none, b: () => 3 },
    ],
    GRU: [
      { w: 0, u: none, b: () => 3 },
      { w: -10, u: none, b: (unit: number) => keep + offset(unit) }, // update: keeps, until a pulse comes
      { w: 1.5, u: none, b: none },
    ],
  } as const;
}

/** All three over one sequence. */
export function run(sequence: readonly number[], knobs: Knobs): Traced[] {
  const weights = weightsOf(knobs);
  const input = sequence.map((x) => [x]);
  const made = [
    ["RNN", RNN.fromStateDict(dict(weights.RNN)), ["hidden"]],
    [
      "LSTM",
      LSTM.fromStateDict(dict(weights.LSTM)),
      ["input", "forget", "candidate", "output", "cell", "hidden"],
    ],
    [
      "GRU",
      GRU.fromStateDict(dict(weights.GRU)),
      ["reset", "update", "candidate", "hidden"],
    ],
  ] as const;
  return made.map(([name, layer, rows]) => {
    const { trace } = layer.forward(input, { trace: true });
    const [entry] = trace as readonly Record<string, unknown>[];
    return {
      name,
      rows: rows.map((row) => ({
        name: row,
        values: entry?.[row] as Tensor,
      })),
    };
  });
}

/** What is at time t in a unit; 0 before the first step. */
export const at = ({ data }: Tensor, t: number, unit: number): number =>
  t < 0 ? 0 : (data[t * UNITS + unit] as number);

/** Steps after the last peak of a unit until less than half of it is left; null where the sequence ends before. */
export function halfLife({ rows }: Traced, unit: number): number | null {
  const memory = rows.find(({ name }) => name === "cell") ?? rows.at(-1);
  const { values } = memory as { values: Tensor };
  const steps = values.shape[0] as number;
  let peak = 0;
  for (let t = 0; t < steps; t++)
    if (Math.abs(at(values, t, unit)) >= Math.abs(at(values, peak, unit)))
      peak = t;
  const half = Math.abs(at(values, peak, unit)) / 2;
  for (let t = peak + 1; t < steps; t++)
    if (Math.abs(at(values, t, unit)) < half) return t - peak;
  return null;
}
