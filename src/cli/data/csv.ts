/*
 * CSV: one line per step, one number per feature; a first line of names is skipped. Parsed by csv-parse.
 */
import { CsvError, parse } from "csv-parse/sync";
import { counted, message } from "../../checks.js";
import { FormatError, shortReasonOf } from "../../errors.js";
import { concat, type Tensor } from "../../tensor.js";
import { type Block, numberText } from "../../data/lines.js";

/** As NumPy and pandas write them. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ["nan", NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
  ["infinity", Infinity],
  ["-infinity", -Infinity],
]);

/** Number() also reads "0x10", "0b1" and "". */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** 1749-01, 2024-05-31, 31/05/2024 12:00 and so on. */
const DATE = /^(\d{4}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(\D|$)/;

/** The choice of columns to read. */
export interface Columns {
  /** Names in the first line, or numbers from 1, in the order of the model's inputs; all by default. */
  readonly columns?: readonly string[] | undefined;
  /** Beside `columns`: further ones, read behind them, of what a model is to learn. */
  readonly targets?: readonly string[] | undefined;
  /** Called with the names of columns that are left out because they hold dates. */
  readonly leftOut?: (names: readonly string[]) => void;
}

/** Reads a file block by block; all lines must have as many cells as the first. */
export class CsvReader {
  readonly #choice: Columns;
  /** The cells of a line, and which of them are read; null before the first line. */
  #layout: { readonly cells: number; readonly read: readonly number[] } | null =
    null;

  constructor(choice: Columns = {}) {
    this.#choice = choice;
  }

  /** How many numbers are read from a line; 0 before the first. */
  get width(): number {
    return this.#layout?.read.length ?? 0;
  }

  /** @throws FormatError naming the line */
  read({ text, line }: Block): Float32Array {
    const rows = records(text, line);
    const names = line === 1 && isHeader(rows[0]) ? rows.shift()?.cells : null;
    if (rows[0]) this.#layout ??= this.#layOut(rows[0].cells, names ?? null);
    const { cells: count, read } = this.#layout ?? { cells: 0, read: [] };
    const data = new Float32Array(rows.length * read.length);
    rows.forEach(({ cells, at }, r) => {
      if (cells.length !== count)
        throw new FormatError(
          `line ${at}: expected ${counted(count, "number")}, got ${cells.length}`,
        );
      read.forEach((column, i) => {
        const place = `line ${at}, column ${column + 1}`;
        data[r * read.length + i] = checked(cells[column] as string, place);
      });
    });
    return data;
  }

  #layOut(first: readonly string[], names: readonly string[] | null) {
    const { columns, targets = [], leftOut } = this.#choice;
    const all = first.map((_, column) => column);
    const cells = first.length;
    const found = (option: string, chosen: readonly string[]) =>
      chosen.map((name) => find(name, names, cells, option));
    if (columns)
      return {
        cells,
        read: [...found("columns", columns), ...found("targets", targets)],
      };
    if (!names) return { cells, read: all };
    const read = all.filter((column) => !DATE.test(first[column] as string));
    const dates = all.filter((column) => !read.includes(column));
    // if all are dates, the error about the first one says what is wrong
    if (!dates.length || !read.length) return { cells, read: all };
    leftOut?.(dates.map((column) => names[column] ?? `${column + 1}`));
    return { cells, read };
  }
}

/** Whether the file's first line has no numbers. */
function isHeader(row: Row | undefined): boolean {
  if (!row) return false;
  return row.cells.every(
    (cell) => isNaN(toNumber(cell)) && !NAMES.has(cell.toLowerCase()),
  );
}

/** The index of a column, by its name or else by its number from 1. */
function find(
  name: string,
  names: readonly string[] | null,
  count: number,
  option: string,
): number {
  const named = names?.indexOf(name) ?? -1;
  if (named >= 0) return named;
  const number = Number(name);
  if (Number.isInteger(number) && number >= 1 && number <= count)
    return number - 1;
  const known = names ? `one of ${names.join(", ")}, or ` : "";
  const expected = `${known}a number from 1 to ${count}`;
  throw new FormatError(message(option, expected, JSON.stringify(name)));
}

function checked(cell: string, place: string): number {
  const value = toNumber(cell);
  const got = JSON.stringify(cell.slice(0, 40));
  if (Number.isNaN(value) && cell.toLowerCase() !== "nan") {
    const expected = DATE.test(cell)
      ? "a number (--columns chooses which columns are read)"
      : "a number";
    throw new FormatError(message(place, expected, got));
  }
  const named = NAMES.has(cell.toLowerCase());
  if (!named && !Number.isFinite(Math.fround(value)))
    throw new FormatError(message(place, "a number within float32", got));
  return value;
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
  return (
    NAMES.get(cell.toLowerCase()) ?? (DECIMAL.test(cell) ? Number(cell) : NaN)
  );
}

/** Rows of `width` numbers. */
export function csvText(data: Float32Array, width: number): string {
  let text = "";
  for (let i = 0; i < data.length; i++)
    text +=
      numberText(data[i] as number) + ((i + 1) % width === 0 ? "\n" : ",");
  return text;
}

export async function readCsv(
  blocks: AsyncIterable<Block>,
  columns: Columns,
): Promise<Tensor> {
  const reader = new CsvReader(columns);
  const parts: Float32Array[] = [];
  for await (const block of blocks) parts.push(reader.read(block));
  const data = concat(parts);
  if (!data.length)
    throw new FormatError("expected lines of numbers, got none");
  return { shape: [data.length / reader.width, reader.width], data };
}
