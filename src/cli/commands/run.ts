/** `gatewise run FILE INPUT OUT`: numbers through a model. @module */
import { Sequential } from "../../index.js";
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
import { runArrays } from "../run/inputs.js";
import { answerGraphLines, type States } from "../run/graph-lines.js";
import { answerLines } from "../run/lines.js";
import { answersEveryStep } from "../run/whole.js";
import type { CommonOptions } from "./options.js";

export interface RunOptions extends CommonOptions, ReadGiven {
  readonly stream?: boolean;
  readonly whole?: boolean;
  readonly to?: Kind;
  readonly states?: States;
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
  const loaded = await loadModel(file, options);
  const shape = inLines(loaded, from, to, options)
    ? await runLines(loaded.model, { input, from, out, to }, options)
    : await runFile(loaded, { input, from, out, to }, options);
  if (options.quiet) return;
  const text = JSON.stringify({ file, input, out, ...shape });
  if (options.json && out !== "-") process.stdout.write(`${text}\n`);
  else if (out !== "-") process.stderr.write(`${out}: ${describe(shape)}\n`);
}

interface Ways {
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

/** Whether each line is answered by itself. */
function inLines(
  { model }: Loaded,
  from: Kind,
  to: Kind,
  { stream, whole, states }: RunOptions,
): boolean {
  const graph = !(model instanceof Sequential);
  // a graph has inputs by their names, which csv has not
  const wanted = graph ? "jsonl" : "csv or jsonl";
  const possible = graph
    ? from === "jsonl" && to === "jsonl"
    : isLines(from) && isLines(to);
  const asked = stream ? "--stream" : states && "--states";
  if (states && !graph)
    throw new UsageError(
      "--states: expected an ONNX graph: a chain of layers keeps its state itself",
    );
  if (asked && (!possible || whole))
    throw new UsageError(
      `${asked}: expected ${wanted} on both sides and no --whole, got ${from} and ${to}`,
    );
  if (asked || whole || !possible) return Boolean(asked);
  // a line of JSON may be a sequence by itself, which any model takes
  return graph || from === "jsonl" || answersEveryStep(model);
}

async function runLines(
  model: Loaded["model"],
  ways: Ways,
  options: RunOptions,
): Promise<Result> {
  const { input, out } = ways;
  const [from, to] = [ways.from, ways.to] as ["csv" | "jsonl", "csv" | "jsonl"];
  let count = 0;
  const output = await about(out, () => openOutput(out));
  try {
    await about(input, async () => {
      const blocks = lineBlocks(chunksOf(input));
      const answers =
        model instanceof Sequential
          ? answerLines(
              model,
              from,
              to,
              blocks,
              columnsOf(input, options),
              options.scale,
            )
          : answerGraphLines(model, options.states ?? null, blocks);
      for await (const { text, lines } of answers) {
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
  { input, from, out, to }: Ways,
  options: RunOptions,
): Promise<Result> {
  const progress = startProgress("run", 100, Boolean(options.quiet));
  try {
    const { outputs, rate } = await about(input, async () => {
      const given = await readGiven(loaded, input, { ...options, from });
      const done = (share: number) => progress.update(100 * share);
      const results = await runArrays(loaded.model, given.arrays, done);
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
