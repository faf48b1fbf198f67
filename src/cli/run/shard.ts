/*
 * `--shard i/n`: one of n parts of a file, for n processes. The outputs of all parts, concatenated, are the output of the
 * whole.
 */
import { createReadStream, statSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { message, shapeText } from "../../checks.js";
import type { Tensor } from "../../tensor.js";
import type { Arrays } from "../data/arrays.js";
import { UsageError } from "../errors.js";

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** "2/8" */
export function shardOf(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (index && count && index <= count && Number.isSafeInteger(count))
    return { index, count };
  throw new InvalidArgumentError("expected i/n, i from 1 to n");
}

/** Where the part begins and ends in a total. */
function rangeOf({ index, count }: Shard, total: number): [number, number] {
  const before = (part: number) =>
    Number((BigInt(total) * BigInt(part)) / BigInt(count));
  return [before(index - 1), before(index)];
}

/**
 * The lines that begin in the part, as bytes.
 *
 * @throws UsageError for anything but a file, such as standard input
 */
export function linesOfShard(
  path: string,
  shard: Shard,
): AsyncIterable<Uint8Array> {
  if (path === "-" || !statSync(path).isFile())
    throw new UsageError(`--shard: expected a file, got ${path}`);
  const [from, to] = rangeOf(shard, statSync(path).size);
  return linesBetween(path, from, to);
}

const NEWLINE = 10;

/** A line belongs to the part with its first byte, so the first line begins after the first line end from `from - 1`. */
async function* linesBetween(
  path: string,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  if (from === to) return;
  let at = Math.max(0, from - 1);
  let begun = from === 0;
  for await (const chunk of createReadStream(path, { start: at })) {
    let bytes = chunk as Uint8Array;
    if (!begun) {
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) {
        at += bytes.length;
        continue;
      }
      begun = true;
      at += end + 1;
      bytes = bytes.subarray(end + 1);
    }
    if (at >= to) return;
    // up to the end of the line with the part's last byte
    const end = bytes.indexOf(NEWLINE, Math.max(0, to - 1 - at));
    if (end >= 0) {
      yield bytes.subarray(0, end + 1);
      return;
    }
    at = Math.min(at + bytes.length, to - 1);
    yield bytes;
  }
}

/**
 * The rows of the part.
 *
 * @throws UsageError for arrays without independent rows
 */
export function rowsOfShard(arrays: Arrays, shard: Shard): Arrays {
  return new Map(
    Array.from(arrays, ([name, { shape, data }]): [string, Tensor] => {
      const [rows = 0, ...rest] = shape;
      if (shape.length < 3)
        throw new UsageError(
          `--shard: ${message(name || "input", "rows [B, T, I]", shapeText(shape))}`,
        );
      const [from, to] = rangeOf(shard, rows);
      if (from === to)
        throw new UsageError(
          `--shard: expected at least ${shard.count} rows, got ${rows}`,
        );
      const size = data.length / rows;
      const part = data.subarray(from * size, to * size);
      return [name, { shape: [to - from, ...rest], data: part }];
    }),
  );
}
