import type { Cell } from "./cells/cell.js";
import { recordBytes } from "./fields.js";
import type { Memory } from "./memory.js";
import {
  matrixBytes,
  type PanelMatrix,
  type WeightFormat,
  writeMatrix,
} from "./pack/format.js";

/**
 * A cell's record and weights in a memory:
 *
 *      [ record | panels of each matrix | vectors ]
 */
export class PlacedWeights {
  readonly #cell: Cell;
  readonly #inputWidth: number;
  #format: WeightFormat;
  readonly #matrices: readonly Placed<PanelMatrix>[];
  readonly #vectors: readonly Placed<Cell["vectors"][number]>[];
  /** Address of the record, a multiple of 16. */
  readonly record: number;
  /** The first byte behind. */
  readonly end: number;

  constructor(cell: Cell, record: number, inputWidth: number) {
    this.#cell = cell;
    this.#inputWidth = inputWidth;
    this.#format = cell.format;
    this.record = record;
    let at = record + recordBytes(cell.fields);
    const place = <T>(what: T, field: string, bytes: number, head = 0) => {
      const address = at + head;
      at = address + bytes;
      return { what, field, address };
    };
    this.#matrices = cell
      .matrices(inputWidth)
      .map((matrix) =>
        place(
          matrix,
          matrix.field,
          matrixBytes(cell.format, matrix),
          cell.format.headBytes,
        ),
      );
    this.#vectors = cell.vectors.map((vector) =>
      place(vector, vector.field, vector.length * 4),
    );
    this.end = at;
  }

  /** Writes the record, which nothing changes from then on; `dots`: products may go by the dot product of bytes. */
  writeRecord({ i32, f32 }: Memory, outputStride: number, dots: boolean): void {
    const { fields, ints, floats, format } = this.#cell;
    if (dots) this.#format = format.dotted ?? format;
    const start = this.record >> 2;
    const fieldOf = (name: string) => start + fields.indexOf(name);
    const set = (name: string, value: number) => (i32[fieldOf(name)] = value);
    for (const [name, value] of Object.entries(ints)) set(name, value);
    for (const [name, value] of Object.entries(floats))
      f32[fieldOf(name)] = value;
    set("format", this.#format.number);
    set("inputWidth", this.#inputWidth);
    set("outputStride", outputStride);
    for (const { field, address } of [...this.#matrices, ...this.#vectors])
      set(field, address);
  }

  /** Writes the weights as they are now. */
  writeWeights(memory: Memory): void {
    for (const { what, address } of this.#matrices)
      writeMatrix(this.#format, memory, address, what);
    for (const { what, address } of this.#vectors)
      what.write(memory.f32, address >> 2);
  }
}

interface Placed<T> {
  readonly what: T;
  readonly field: string;
  readonly address: number;
}
