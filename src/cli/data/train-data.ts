/*
 * Training data for `gatewise train`: arrays by name (npz), one example per line (jsonl), columns of a table (csv), or
 * two recordings (wav), the input and the target.
 */
import { isRecord, message } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Batch, Example } from "../../training/index.js";
import { UsageError } from "../errors.js";
import { chunksOf, readInput } from "../input.js";
import { readCsv } from "./csv.js";
import { readLines } from "../../data/json-lines.js";
import type { Kind } from "./kinds.js";
import { lineBlocks } from "../../data/lines.js";
import { readNpz } from "../../formats/numpy/npz.js";
import { type Audio, readWav } from "./wav.js";

export interface TrainSource {
  readonly path: string;
  readonly kind: Kind;
  /** For wav files: the recording to learn to produce. */
  readonly target: string | null;
  /** For csv files: the columns of inputs and targets. */
  readonly columns: readonly string[] | null;
  readonly targets: readonly string[] | null;
  /** For csv and wav files: time steps per row of the batch. */
  readonly segment: number;
}

/** @throws FormatError naming the place in the file */
export async function readTrainData(
  source: TrainSource,
): Promise<{ data: Batch | Example[]; sampleRate: number | null }> {
  const { path, kind, target } = source;
  if (target !== null && kind !== "wav")
    throw new UsageError(
      `TARGET: expected none beside a ${kind} file, got ${target}`,
    );
  switch (kind) {
    case "npz":
      return {
        data: ofArrays(await readNpz(await readInput(path))),
        sampleRate: null,
      };
    case "jsonl":
      return { data: await ofLines(path), sampleRate: null };
    case "csv":
      return { data: await ofColumns(source), sampleRate: null };
    case "wav":
      return ofRecordings(source);
    default:
      throw new UsageError(
        `DATA: expected npz, jsonl, csv or wav, got ${kind}`,
      );
  }
}

const ARRAYS = [
  "input",
  "target",
  "lengths",
  "mask",
  "weights",
  "targetLengths",
];

function ofArrays(arrays: ReadonlyMap<string, Tensor>): Batch {
  for (const name of arrays.keys())
    if (!ARRAYS.includes(name))
      throw new FormatError(message("arrays", ARRAYS.join(", "), name));
  const of = (name: string): Tensor => {
    const found = arrays.get(name);
    if (found) return found;
    throw new FormatError(
      message("arrays", `one named ${name}`, [...arrays.keys()].join(", ")),
    );
  };
  const list = (name: string) => Array.from(of(name).data);
  return {
    input: of("input"),
    target: of("target"),
    ...(arrays.has("lengths") && { lengths: list("lengths") }),
    ...(arrays.has("mask") && { mask: of("mask") }),
    ...(arrays.has("weights") && { weights: of("weights") }),
    ...(arrays.has("targetLengths") && {
      targetLengths: list("targetLengths"),
    }),
  };
}

async function ofLines(path: string): Promise<Example[]> {
  const examples: Example[] = [];
  for await (const block of lineBlocks(chunksOf(path)))
    for (const { value, at } of readLines(block)) {
      if (
        !isRecord(value) ||
        value["input"] === undefined ||
        value["target"] === undefined
      )
        throw new FormatError(
          message(
            `line ${at}`,
            "an object with input and target",
            "another value",
          ),
        );
      const { input, target, weight } = value as unknown as Example;
      examples.push({ input, target, ...(weight !== undefined && { weight }) });
    }
  return examples;
}

async function ofColumns({
  path,
  columns,
  targets,
  segment,
}: TrainSource): Promise<Batch> {
  if (!columns || !targets)
    throw new UsageError(
      "a CSV file: expected --columns and --targets, got " +
        (columns ? "no --targets" : "no --columns"),
    );
  // once: what comes through a pipe is there once
  const blocks = lineBlocks(chunksOf(path));
  const table = await readCsv(blocks, { columns, targets });
  const { length } = columns;
  return segmented(
    columnsFrom(table, 0, length),
    columnsFrom(table, length, length + targets.length),
    segment,
  );
}

/** Columns `from` to `to` of a table. */
function columnsFrom(
  { shape, data }: Tensor,
  from: number,
  to: number,
): Tensor {
  const [rows, width] = shape as [number, number];
  const size = to - from;
  const own = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    own.set(data.subarray(start + from, start + to), row * size);
  }
  return { shape: [rows, size], data: own };
}

async function ofRecordings({ path, target, segment }: TrainSource) {
  if (target === null)
    throw new UsageError(
      "a WAV file: expected TARGET, the recording to learn to produce, got none",
    );
  const [a, b] = [
    readWav(await readInput(path)),
    readWav(await readInput(target)),
  ];
  if (a.sampleRate !== b.sampleRate)
    throw new UsageError(
      `${target}: expected ${a.sampleRate} Hz as ${path}, got ${b.sampleRate} Hz`,
    );
  for (const [name, { channels }] of [
    [path, a],
    [target, b],
  ] as const)
    if (channels.length > 1)
      process.stderr.write(
        `${name}: warning: ${channels.length} channels, of which only the first is used\n`,
      );
  const steps = Math.min(lengthOf(a), lengthOf(b));
  return {
    data: segmented(first(a, steps), first(b, steps), segment),
    sampleRate: a.sampleRate,
  };
}

const lengthOf = ({ channels }: Audio): number => channels[0]?.length ?? 0;

function first({ channels }: Audio, steps: number): Tensor {
  const [mono] = channels as [Float32Array];
  return {
    shape: [steps, 1],
    data: Float32Array.from(mono.subarray(0, steps)),
  };
}

/** One long sequence [T, I] as rows of a batch, each starting from zero state; an incomplete last row is left out. */
function segmented(input: Tensor, target: Tensor, segment: number): Batch {
  const [steps] = input.shape as [number];
  const length = Math.min(segment, steps);
  const rows = Math.floor(steps / length);
  const cut = ({ shape, data }: Tensor): Tensor => {
    const size = shape[1] as number;
    return {
      shape: [rows, length, size],
      data: data.slice(0, rows * length * size),
    };
  };
  return { input: cut(input), target: cut(target) };
}
