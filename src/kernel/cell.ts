import { type Activation, ACTIVATIONS } from "./contract.js";
import { type CellActivation, nameOf } from "./curves.js";

/** The states of B rows at one cell, without padding: h [B, O], c [B, H] (LSTM). */
export interface CellState {
  readonly hidden: Float32Array;
  readonly cell: Float32Array | null;
}

/** PyTorch's weights of one layer and direction, row-major, gates in PyTorch's order. */
export interface CellWeights {
  readonly ih: Float32Array; // (G·H, I)
  readonly hh: Float32Array; // (G·H, O)
  readonly biasIh: Float32Array | null; // (G·H)
  readonly biasHh: Float32Array | null; // (G·H)
  readonly hr: Float32Array | null; // (P, H)
  readonly peephole: Float32Array | null; // (3·H), order i f o
}

/** What one kernel call runs: a cell of one layer and direction, or a Linear. */
export interface Cell {
  readonly kind: "rnn" | "lstm" | "gru" | "linear";
  readonly inputSize: number; // I
  readonly hiddenSize: number; // H; of a Linear its outputs
  readonly outputSize: number; // O
  /** RNN and Linear [f], GRU [f, g], LSTM [f, g, h]; softmax of a Linear alone. */
  readonly activations: readonly (CellActivation | Activation)[];
  readonly clip: number; // of sums, before f and g; ∞: none
  readonly peepholes: boolean; // LSTM
  readonly coupled: boolean; // LSTM: f = 1 - i
  readonly resetBefore: boolean; // GRU
  readonly replace: boolean; // GRU: z multiplies the candidate
  readonly reverse: boolean;
  /** Where a row starts that is given no state, h (O) and c (H); null: from zeros. */
  readonly initial: (() => CellState) | null;
  weights(): CellWeights;
}

/** What a cell is unless its options say otherwise. */
export const PLAIN = {
  clip: Number.POSITIVE_INFINITY,
  peepholes: false,
  coupled: false,
  resetBefore: false,
  replace: false,
  reverse: false,
  initial: null,
} as const;

/** The activations of the standard cells. */
const STANDARD = {
  lstm: ["sigmoid", "tanh", "tanh"],
  gru: ["sigmoid", "tanh"],
} as const;

/** Whether a cell has anything that the standard kernels do not know, and so runs on the general path. */
export function isGeneral(cell: Cell): boolean {
  const { kind, activations, clip, peepholes, coupled } = cell;
  if (clip !== PLAIN.clip || peepholes || coupled) return true;
  const names = activations.map(nameOf);
  if (kind === "rnn" || kind === "linear")
    return !(ACTIVATIONS as readonly string[]).includes(names[0] as string);
  return STANDARD[kind].some((name, index) => name !== names[index]);
}

/** Whether a row of z holds the GRU's gates apart, all of r, then all of z, then the candidate. */
export const gatesApart = (cell: Cell): boolean =>
  cell.kind === "gru" && (cell.resetBefore || isGeneral(cell));

/** Rows of a panel. */
export const PANEL = 16;

export const quadsOf = (size: number): number => Math.ceil(size / 4);

/** Floats that `size` units take: whole quads. */
export const lanesOf = (size: number): number => quadsOf(size) * 4;

/** Panels of 16 rows that a row of z takes; the order of its gates is drawn in assembly/. */
export function inputPanels(cell: Cell): number {
  const quads = quadsOf(cell.hiddenSize);
  if (cell.kind === "lstm") return quads;
  if (cell.kind === "gru")
    return gatesApart(cell)
      ? Math.ceil(quads / 2) + Math.ceil(quads / 4)
      : Math.ceil((quads * 3) / 4);
  return Math.ceil(quads / 4);
}

/**
 * Floats that the kernel needs behind z for each row: an LSTM's cell output before the projection and the
 * projection's sums; a GRU's U h, r ∘ h, or the candidate's sums.
 */
export function scratchFloats(cell: Cell): number {
  const panelsOf = (size: number) => Math.ceil(size / PANEL) * PANEL;
  if (cell.kind === "lstm" && cell.outputSize !== cell.hiddenSize)
    return lanesOf(cell.hiddenSize) + panelsOf(cell.outputSize);
  if (cell.kind !== "gru") return 0;
  return gatesApart(cell)
    ? panelsOf(cell.outputSize)
    : inputPanels(cell) * PANEL;
}
