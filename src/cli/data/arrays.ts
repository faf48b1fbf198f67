/*
 * Reads and writes arrays in files of any kind.
 */
import { message, shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import { UsageError } from "../errors.js";
import { chunksOf, readInput } from "../input.js";
import { type Columns, csvText, readCsv } from "./csv.js";
import { answerText, readLines, toQuestion } from "../../data/json-lines.js";
import type { Kind } from "./kinds.js";
import { lineBlocks } from "../../data/lines.js";
import { readNpy, writeNpy } from "../../formats/numpy/npy.js";
import { readNpz, writeNpz } from "../../formats/numpy/npz.js";

/** Arrays by name; "" for one without. */
export type Arrays = ReadonlyMap<string, Tensor>;

/** @throws FormatError naming the place in the file */
export async function readArrays(
  path: string,
  kind: Exclude<Kind, "wav">,
  columns: Columns,
): Promise<Arrays> {
  if (kind === "npz") return readNpz(await readInput(path));
  return new Map([["", await readArray(path, kind, columns)]]);
}

async function readArray(
  path: string,
  kind: "npy" | "csv" | "jsonl",
  columns: Columns,
): Promise<Tensor> {
  if (kind === "npy") return readNpy(await readInput(path));
  const blocks = lineBlocks(chunksOf(path));
  if (kind === "csv") return readCsv(blocks, columns);
  const lines: Tensor[] = [];
  for await (const block of blocks)
    for (const line of readLines(block)) {
      const { input } = toQuestion(line);
      const shape = (lines[0] ?? input).shape;
      if (shapeText(input.shape) !== shapeText(shape)) {
        const got = shapeText(input.shape);
        const name = `line ${line.at}`;
        throw new FormatError(message(name, shapeText(shape), got));
      }
      lines.push(input);
    }
  return stack(lines);
}

/** [T, I] if each line is a step, [B, T, I] if each is a sequence. */
function stack(lines: readonly Tensor[]): Tensor {
  const [first] = lines;
  if (!first) throw new FormatError("expected lines of numbers, got none");
  const size = first.data.length;
  const data = new Float32Array(lines.length * size);
  lines.forEach((line, i) => data.set(line.data, i * size));
  return { shape: [lines.length, ...first.shape], data };
}

/** The contents of a file of this kind. */
export function arraysText(
  arrays: Arrays,
  kind: Exclude<Kind, "wav">,
): string | Uint8Array {
  if (kind === "npz") {
    const named = Array.from(
      arrays,
      ([name, tensor]) => [name || "output", tensor] as const,
    );
    return writeNpz(new Map(named));
  }
  const [only, ...more] = arrays.values();
  if (!only || more.length) {
    const names = [...arrays.keys()].join(", ");
    throw new UsageError(
      `several outputs, ${names}: expected npz, got ${kind}`,
    );
  }
  if (kind === "npy") return writeNpy(only);
  const { shape, data } = only;
  if (kind === "csv") {
    if (shape.length <= 2) return csvText(data, shape.at(-1) ?? 1);
    throw new UsageError(
      `outputs ${shapeText(shape)}: expected npy, npz or jsonl, got csv, which only has rows`,
    );
  }
  const [rows = 1, ...rest] = shape.length > 1 ? shape : [1, ...shape];
  const size = data.length / rows;
  let text = "";
  for (let row = 0; row < rows; row++) {
    const part = data.subarray(row * size, (row + 1) * size);
    text += answerText({ shape: rest, data: part }, null);
  }
  return text;
}
