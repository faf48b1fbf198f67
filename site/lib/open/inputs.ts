/*
 * Numbers for a model: made from the shapes of its inputs, or read from a file.
 */
import type { Tensor } from "gatewise";
import type { Port } from "gatewise/load";
import { readNpy } from "../../../src/formats/numpy/npy";
import { readNpz } from "../../../src/formats/numpy/npz";
import { readWav } from "../../../src/cli/data/wav";
import { isChain, type Model } from "./opened";

export const KINDS = ["waves", "noise", "a pulse", "zeros"] as const;
export type Kind = (typeof KINDS)[number];

/** A size for each axis whose size is free: one sequence of 48 steps. */
export function defaultShape({ shape }: Port): number[] {
  const names = ["B", "N", "batch", "batch_size", "?"];
  if (shape.includes("...")) return [1];
  return shape.map((size, axis) => {
    if (typeof size === "number") return size;
    return axis === 0 && shape.length > 1 && names.includes(size) ? 1 : 48;
  });
}

const isInteger = ({ type }: Port) => /int|bool/.test(type);

/** Integers below this are tokens of the model. */
export function tokensOf(model: Model): number {
  if (!isChain(model) || !model.takesTokens) return 2;
  const options: { vocabSize?: number } = model.layers[0]?.options ?? {};
  return options.vocabSize ?? 2;
}

/** The same numbers every time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

export function makeInput(
  port: Port,
  shape: readonly number[],
  kind: Kind,
  vocabulary: number | null,
): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const width = shape.length > 1 ? (shape.at(-1) ?? 1) : 1;
  const random = generator(port.name.length + 17);
  const integers = vocabulary !== null || isInteger(port);
  const most = vocabulary ?? 2;
  const at = (index: number): number => {
    const [t, feature] = [Math.floor(index / width), index % width];
    switch (kind) {
      case "waves":
        return (
          0.6 * Math.sin(t / (3 + (feature % 7)) + feature) +
          0.3 * Math.sin(t / 11 + feature / 2)
        );
      case "noise":
        return 2 * random() - 1;
      case "a pulse":
        return t === 4 ? 1 : 0;
      default:
        return 0;
    }
  };
  const data = Float32Array.from({ length: count }, (_, i) =>
    integers ? Math.floor(random() * most) : at(i),
  );
  return { shape: [...shape], data };
}

/** Arrays of a file, by their names; "" for one that has none. */
export async function readNumbers(file: File): Promise<Map<string, Tensor>> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const only = (value: Tensor) => new Map([["", value]]);
  const ending = /\.[^.]*$/.exec(file.name)?.[0].toLowerCase();
  switch (ending) {
    case ".npz":
      return readNpz(bytes);
    case ".npy":
      return only(readNpy(bytes));
    case ".wav": {
      const { channels } = readWav(bytes);
      const [mono] = channels as [Float32Array];
      return only({ shape: [mono.length, 1], data: Float32Array.from(mono) });
    }
    case ".safetensors": {
      const { parse } = await import("gatewise/safetensors");
      return new Map(Object.entries(parse(bytes).tensors));
    }
    case ".json": {
      const { tensor } = await import("gatewise");
      return only(tensor(JSON.parse(new TextDecoder().decode(bytes))));
    }
    case ".csv":
      return only(readCsv(new TextDecoder().decode(bytes)));
    default:
      throw new RangeError(
        `${file.name}: expected .csv, .npy, .npz, .wav, .json or .safetensors`,
      );
  }
}

/** Rows of numbers; a first line of names is passed over, and columns that hold no numbers, such as dates. */
function readCsv(text: string): Tensor {
  const rows = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(/[,;\t]/).map((cell) => cell.trim()));
  const isNumber = (cell: string | undefined) =>
    cell !== undefined && cell !== "" && !Number.isNaN(Number(cell));
  if (rows[0] && !rows[0].some(isNumber)) rows.shift();
  const columns = (rows[0] ?? []).flatMap((cell, i) =>
    isNumber(cell) ? [i] : [],
  );
  if (!columns.length)
    throw new RangeError("expected columns of numbers, got none");
  const data = rows.flatMap((row, r) =>
    columns.map((column) => {
      if (isNumber(row[column])) return Number(row[column]);
      throw new RangeError(
        `row ${r + 1}, column ${column + 1}: expected a number, got ${JSON.stringify(row[column] ?? "")}`,
      );
    }),
  );
  return {
    shape: [rows.length, columns.length],
    data: Float32Array.from(data),
  };
}
