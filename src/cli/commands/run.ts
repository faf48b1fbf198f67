/** `gatewise run FILE INPUT OUT`: runs data through a model. @module */
import { arraysText, type Arrays } from "../data/arrays.js";
import { isLines, type Kind, kindOf } from "../data/kinds.js";
import { lineBlocks } from "../../data/lines.js";
import { writeWav } from "../data/wav.js";
import { about, UsageError } from "../errors.js";
import { chunksOf } from "../input.js";
import { type Loaded, loadModel } from "../model.js";
import { openOutput, writeOutput } from "../../data/output.js";
import { startProgress } from "../progress.js";
import { toAudio } from "../run/audio.js";
import { columnsOf, type ReadGiven, readGiven, scaled } from "../run/given.js";
import type { States } from "../../data/graph-lines.js";
import { linesOfShard, rowsOfShard, type Shard } from "../run/shard.js";
import type { CommonOptions } from "./options.js";

export interface RunOptions extends CommonOptions, ReadGiven {
  readonly stream?: boolean;
  readonly whole?: boolean;
  readonly to?: Kind;
  readonly states?: States;
  readonly shard?: Shard;
}

export async function run(
  file: string,
  input: string,
  out: string,
  options: RunOptions,
): Promise<void> {
  if (file === "-" && input === "-")
    throw new UsageError("-: expected one of FILE and INPUT, got both");
  const from = kindOf(input, options.from, "jsonl", "--from");
  const to = kindOf(out, options.to, isLines(from) ? from : "npy", "--to");
  if (options.knobs && from !== "wav")
    throw new UsageError(`--knobs: expected a WAV file as INPUT, got ${from}`);
  if (options.columns && from !== "csv")
    throw new UsageError(
      `--columns: expected a CSV file as INPUT, got ${from}`,
    );
  if (options.scale !== undefined && (from === "wav" || options.states))
    throw new UsageError(
      "--scale: expected numbers of a chain of layers, got " +
        (from === "wav" ? "a WAV file" : "--states"),
    );
  if (
    options.shard &&
    (isLines(from)
      ? from !== "jsonl" || from !== to
      : from === "wav" || options.stream)
  )
    throw new UsageError(
      `--shard: expected jsonl on both sides, npy or npz, got ${from} and ${to}`,
    );
  const loaded = await loadModel(file, options);
  const shape = inLines(loaded, from, to, options)
    ? await runLines(loaded, { input, from, out, to }, options)
    : await runFile(loaded, { input, from, out, to }, options);
  if (options.quiet) return;
  const text = JSON.stringify({ file, input, out, ...shape });
  if (options.json && out !== "-") process.stdout.write(`${text}\n`);
  else if (out !== "-") process.stderr.write(`${out}: ${describe(shape)}\n`);
}

/** Where numbers come from and go to. */
interface Route {
  readonly input: string;
  readonly from: Kind;
  readonly out: string;
  readonly to: Kind;
}

type Result = { readonly lines: number } | { readonly shapes: object };

function describe(result: Result): string {
  if ("lines" in result) return `${result.lines} lines`;
  return Object.entries(result.shapes)
    .map(([name, shape]) => `${name || "output"} [${shape.join(", ")}]`)
    .join(", ");
}

/** Whether each line is answered as it arrives. */
function inLines(
  { runner }: Loaded,
  from: Kind,
  to: Kind,
  { stream, whole, states }: RunOptions,
): boolean {
  const kinds = runner.lineKinds.join(" or ");
  const possible = [from, to].every((kind) => runner.lineKinds.includes(kind));
  const option = stream ? "--stream" : states && "--states";
  if (states) runner.checkStates();
  if (option && (!possible || whole))
    throw new UsageError(
      `${option}: expected ${kinds} on both sides and no --whole, got ${from} and ${to}`,
    );
  if (option || whole || !possible) return Boolean(option);
  return runner.answersLines(from);
}

async function runLines(
  { runner }: Loaded,
  { input, from, out, to }: Route,
  options: RunOptions,
): Promise<Result> {
  let count = 0;
  const output = await about(out, () => openOutput(out));
  try {
    await about(input, async () => {
      const { states = null, scale = 1, shard } = options;
      const blocks = lineBlocks(
        shard ? linesOfShard(input, shard) : chunksOf(input),
      );
      const columns = columnsOf(input, options);
      const independent = shard !== undefined;
      const lineOptions = { from, to, states, columns, scale, independent };
      for await (const { text, lines } of runner.answer(blocks, lineOptions)) {
        count += lines;
        await about(out, () => output.write(text));
      }
    });
    await about(out, () => output.commit());
  } finally {
    output.abort();
  }
  return { lines: count };
}

async function runFile(
  loaded: Loaded,
  { input, from, out, to }: Route,
  options: RunOptions,
): Promise<Result> {
  const progress = startProgress("run", 100, Boolean(options.quiet));
  try {
    const { outputs, rate } = await about(input, async () => {
      const given = await readGiven(loaded, input, { ...options, from });
      const done = (share: number) => progress.update(100 * share);
      const { shard } = options;
      const arrays = shard ? rowsOfShard(given.arrays, shard) : given.arrays;
      const results = await loaded.runner.runArrays(arrays, done);
      return { outputs: scaled(results, options.scale ?? 1), rate: given.rate };
    });
    await about(out, () => writeOutput(out, toBytes(outputs, to, rate)));
    const shapes = Array.from(outputs, ([name, { shape }]) => [
      name || "output",
      shape,
    ]);
    return { shapes: Object.fromEntries(shapes) as object };
  } finally {
    progress.stop();
  }
}

function toBytes(outputs: Arrays, to: Kind, rate: number) {
  if (to !== "wav") return arraysText(outputs, to);
  const [only, ...more] = outputs.values();
  if (only && !more.length) return writeWav(toAudio(only, rate));
  throw new UsageError("a WAV file: expected one output, got several");
}
