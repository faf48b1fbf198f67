/*
 * CSV: a line a step, a number a feature; a first line of names is passed over. csv-parse reads it.
 */
import { CsvError, parse } from "csv-parse/sync";
import { FormatError, shortReasonOf } from "../../errors.js";
import { concat, type Tensor } from "../../tensor.js";
import { type Block, numberText } from "./lines.js";

/** As NumPy and pandas write them. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ["nan", NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
]);

/** The steps of a block, all of as many numbers; for the reader of a whole file `width` is what its first line had. */
export class CsvReader {
  /** Numbers a line; 0 before the first. */
  width = 0;

  /** @throws FormatError naming the line */
  read({ text, line }: Block): Float32Array {
    const rows = records(text, line);
    // a header: the file's first line, without a single number
    if (line === 1 && rows[0]?.cells.every((cell) => isNaN(toNumber(cell))))
      if (!rows[0].cells.some((cell) => NAMES.has(cell.toLowerCase())))
        rows.shift();
    this.width ||= rows[0]?.cells.length ?? 0;
    const data = new Float32Array(rows.length * this.width);
    rows.forEach(({ cells, at }, r) => {
      if (cells.length !== this.width)
        throw new FormatError(
          `line ${at}: expected ${this.width} numbers, got ${cells.length}`,
        );
      cells.forEach((cell, c) => {
        const value = toNumber(cell);
        if (Number.isNaN(value) && cell.toLowerCase() !== "nan") {
          const got = JSON.stringify(cell.slice(0, 40));
          const place = `line ${at}, column ${c + 1}`;
          throw new FormatError(`${place}: expected a number, got ${got}`);
        }
        data[r * this.width + c] = value;
      });
    });
    return data;
  }
}

interface Row {
  readonly cells: readonly string[];
  readonly at: number;
}

function records(text: string, line: number): Row[] {
  try {
    const found = parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      info: true,
    }) as unknown as { info: { lines: number }; record: string[] }[];
    return found.map(({ info, record }) => ({
      cells: record,
      at: line + info.lines - 1,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const lines = Number(error["lines"]) || 1;
    throw new FormatError(
      `line ${line + lines - 1}: expected CSV, ${shortReasonOf(error)}`,
    );
  }
}

function toNumber(cell: string): number {
  return NAMES.get(cell.toLowerCase()) ?? (cell === "" ? NaN : Number(cell));
}

/** Rows of `width` numbers. */
export function csvText(data: Float32Array, width: number): string {
  let text = "";
  for (let i = 0; i < data.length; i++)
    text +=
      numberText(data[i] as number) + ((i + 1) % width === 0 ? "\n" : ",");
  return text;
}

export async function readCsv(blocks: AsyncIterable<Block>): Promise<Tensor> {
  const reader = new CsvReader();
  const parts: Float32Array[] = [];
  for await (const block of blocks) parts.push(reader.read(block));
  const data = concat(parts);
  if (!data.length)
    throw new FormatError("expected lines of numbers, got none");
  return { shape: [data.length / reader.width, reader.width], data };
}
