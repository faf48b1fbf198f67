/**
 * What the training binaries (assembly/train) and js/ fulfil. Addresses and strides are bytes in the trainer's one
 * memory; a kernel allocates nothing and checks nothing. assembly/train/cell.ts draws the record and the packed rows.
 */
export interface TrainKernel {
  /** z [rows, 16 · panels] ← bias + x [rows, k] W, or, accumulating, z + x W; k even. */
  product(
    w: number,
    x: number,
    xStride: number,
    z: number,
    zStride: number,
    rows: number,
    k: number,
    panels: number,
    accumulate: number,
  ): void;
  /** gradient [panels][1 + k][16] += daᵀ [1 | x] over all rows; k a multiple of 4, `scratch` of `scratchFloats(k)`. */
  weightGradient(
    x: number,
    xStride: number,
    k: number,
    da: number,
    daStride: number,
    panels: number,
    gradient: number,
    rows: number,
    scratch: number,
  ): void;
  /** A cell through time, from its record. */
  forward(cell: number): void;
  /** And back. */
  backward(cell: number): void;
  /** to += from, `bytes` of them, a multiple of 16. */
  add(to: number, from: number, bytes: number): void;
  /** y ← f(x), f by the slot at `slot`. */
  bend(slot: number, x: number, y: number, bytes: number): void;
  /** dx ← dy ∘ f'(x), y being f(x). */
  unbend(
    slot: number,
    x: number,
    y: number,
    dy: number,
    dx: number,
    bytes: number,
  ): void;
}

/** Rows that `weightGradient` takes together, and the width of a line of its copies: assembly/train/weight-gradient.ts. */
export const BLOCK_ROWS = 80;
export const BLOCK_LINE = BLOCK_ROWS + 4;

/** Floats that `weightGradient` needs for inputs of width k: both copies. */
export const scratchFloats = (k: number): number => (k + 16) * BLOCK_LINE + 16;

/** The fields of a cell's record, 4 bytes each, in the order of `class Cell` in assembly/train/cell.ts. */
const FIELDS = [
  "recurrent",
  "recurrentBack",
  "second",
  "secondBack",
  "peepholes",
  "peepholeGradient",
  "kind",
  "general",
  "hiddenQuads",
  "outputQuads",
  "hiddenTail",
  "outputTail",
  "steps",
  "packed",
  "active",
  "z",
  "sums",
  "y",
  "c",
  "t",
  "u",
  "before",
  "dropped",
  "dy",
  "dyStride",
  "dh",
  "dc",
  "dp",
  "scratch",
  "slopes",
] as const;
export type CellField = (typeof FIELDS)[number];
/** Their places, counted in fields. */
export const FIELD = Object.fromEntries(
  FIELDS.map((name, index) => [name, index]),
) as Readonly<Record<CellField, number>>;

/** Three slots of a function's number and two float32, the clip (float32), and flags follow. */
export const SLOTS_AT = FIELDS.length;
export const CLIP_AT = SLOTS_AT + 9;
const FLAGS = ["coupled", "replace", "resetAfter"] as const;
export type CellFlag = (typeof FLAGS)[number];
export const flagAt = (name: CellFlag): number =>
  CLIP_AT + 1 + FLAGS.indexOf(name);
export const RECORD_FIELDS = CLIP_AT + 1 + FLAGS.length;
