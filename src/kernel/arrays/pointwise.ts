import type { Arrays } from "./arrays.js";
import type { KernelFunction, Pass } from "../contract.js";
import {
  POINTWISE,
  POINTWISE_NAMES,
  pointwiseKernel,
  type PointwiseName,
} from "../js/pointwise.js";
import { align } from "../sizes.js";

export type { PointwiseName } from "../js/pointwise.js";

const RUN: KernelFunction = { name: "pointwise", js: pointwiseKernel };

/** How an operand lies under the rows of the result. */
export interface Operand {
  /** Numbers that it has in all. */
  readonly size: number;
  /** From the number, or numbers, of one row to those of the next; 0: all rows have the same. */
  readonly row: number;
  /** A row is one number. */
  readonly single: boolean;
}

const NONE: Operand = { size: 0, row: 0, single: true };

/** y [rows, columns] = f(a, b), number by number, in arrays that the caller keeps. */
export class Pointwise {
  readonly #arrays: Arrays;
  readonly #run: Pass;
  readonly #record: number;
  readonly #a: Operand;
  readonly #b: Operand;
  readonly #count: number;
  readonly #ints: Readonly<Partial<Record<Field, number>>>;
  #start = -1;
  #f32: Float32Array | null = null;
  #atA = 0;
  #atB = 0;
  #view: Float32Array | null = null;

  constructor(
    arrays: Arrays,
    name: PointwiseName,
    [rows, columns]: readonly [rows: number, columns: number],
    a: Operand,
    b: Operand = NONE,
  ) {
    this.#arrays = arrays;
    this.#run = arrays.functionOf(RUN);
    this.#record = arrays.take(POINTWISE.length * 4 + QUADS);
    this.#a = a;
    this.#b = b;
    this.#count = rows * columns;
    const quads = this.#record + align(POINTWISE.length * 4);
    this.#ints = {
      code: POINTWISE_NAMES.indexOf(name),
      rows,
      columns,
      aRow: a.row * 4,
      bRow: b.row * 4,
      aSingle: Number(a.single),
      bSingle: Number(b.single),
      quadA: quads,
      quadB: quads + 16,
    };
    // now, and not when it runs: views of all others would be of the memory before
    arrays.memory.reserve(
      16 + bytesOf(a.size) + bytesOf(b.size) + bytesOf(rows * columns),
    );
  }

  run(a: Float32Array, b: Float32Array | null, y: Float32Array): void {
    const { memory } = this.#arrays;
    if (memory.end !== this.#start || memory.f32 !== this.#f32) this.#lay();
    const { f32 } = memory;
    f32.set(a, this.#atA);
    if (b) f32.set(b, this.#atB);
    this.#run(this.#record);
    y.set(this.#view as Float32Array);
  }

  /** Gives its record back; it must not run from then on. */
  release(): void {
    this.#arrays.give(this.#record);
  }

  /** Lays a, b and y behind all blocks: y last, with room for a quad that begins with its last number. */
  #lay(): void {
    const { memory } = this.#arrays;
    const a = align(memory.end);
    const b = a + bytesOf(this.#a.size);
    const y = b + bytesOf(this.#b.size);
    memory.ensure(y + bytesOf(this.#count));
    const { f32, i32 } = memory;
    const fields = { ...this.#ints, a, b, y };
    POINTWISE.forEach((name, i) => {
      i32[(this.#record >> 2) + i] = fields[name] ?? 0;
    });
    this.#start = memory.end;
    this.#f32 = f32;
    this.#atA = a >> 2;
    this.#atB = b >> 2;
    this.#view = f32.subarray(y >> 2, (y >> 2) + this.#count);
  }
}

const bytesOf = (size: number): number => align(size * 4 + 16);

type Field = (typeof POINTWISE)[number];

const QUADS = 16 + 2 * 16;
