/** `gatewise train MODEL DATA [TARGET]`: trains a model on examples. @module */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import asciichart from "asciichart";
import { isRecord } from "../../checks.js";
import { init, Sequential } from "../../index.js";
import {
  type Data,
  type FitOptions,
  initialize,
  type Metric,
  type Optimizer,
  type Summary,
  Trainer,
  type TrainerOptions,
} from "../../training/index.js";
import { kindOf } from "../data/kinds.js";
import { readTrainData } from "../data/train-data.js";
import { about, UsageError } from "../errors.js";
import { loadModel } from "../model.js";
import { checkOutput, writeOutput } from "../../data/output.js";
import { startProgress } from "../progress.js";
import { onBrokenPipe, onInterrupt } from "../signals.js";
import { modelOfConfig } from "../train-config.js";
import {
  checkUsage,
  refused,
  SEGMENT,
  type TrainCommandOptions,
} from "./train-options.js";

export async function train(
  file: string,
  input: string,
  target: string | undefined,
  options: TrainCommandOptions,
): Promise<void> {
  const kind = kindOf(input, undefined, "jsonl", "DATA");
  checkUsage(file, input, kind, options);
  const out =
    options.out ?? `${basename(file, extname(file))}-trained.safetensors`;
  const { checkpoint } = options;
  // before hours of training, not after
  await about(out, () => checkOutput(out));
  if (checkpoint) await about(checkpoint, () => checkOutput(checkpoint));
  await init({ backend: options.backend });
  const { data, sampleRate } = await about(input, () =>
    readTrainData({
      path: input,
      kind,
      target: target ?? null,
      columns: options.columns ?? null,
      targets: options.targets ?? null,
      segment: options.segment ?? SEGMENT,
    }),
  );
  const resumes = options.resume && checkpoint && existsSync(checkpoint);
  const { model, trainer } = resumes
    ? await about(checkpoint, async () =>
        Trainer.resume(await readFile(checkpoint)),
      )
    : await begin(file, options);
  const save = async () => {
    if (checkpoint)
      await about(checkpoint, () =>
        writeOutput(checkpoint, trainer.checkpoint()),
      );
  };
  const abort = new AbortController();
  // what was learnt is written, whoever has stopped listening
  const restore = onBrokenPipe(() => abort.abort());
  try {
    // a second Ctrl-C ends the program
    const leave = onInterrupt(() => abort.abort());
    const { signal } = abort;
    const given = { input, data };
    const summary = await follow(trainer, given, options, save, signal).finally(
      leave,
    );
    await save();
    const metadata =
      sampleRate === null ? {} : { sample_rate: String(sampleRate) };
    if (out === "-") restore();
    await about(out, () => writeOutput(out, model.save(metadata)));
    if (options.json) tell({ type: "end", out, ...summary });
    else if (!options.quiet)
      process.stderr.write(`${out}: ${describe(summary)}\n`);
  } finally {
    restore();
  }
}

/** A line of JSON, for as long as there is a reader. */
function tell(value: object): void {
  const { stdout } = process;
  if (stdout.writable) stdout.write(`${JSON.stringify(value)}\n`);
}

async function begin(file: string, options: TrainCommandOptions) {
  const model = await modelIn(file, options);
  if (!options.loss)
    throw new UsageError(
      "--loss: expected mse, mae, huber, crossEntropy, binaryCrossEntropy, esr or ctc, got nothing",
    );
  const given = options.optimizer ?? "adam";
  const optimizer = (
    typeof given === "string" ? { name: given } : given
  ) as Optimizer;
  const {
    learningRate,
    schedule,
    clipNorm,
    accumulate,
    truncate,
    burnIn,
    skip,
    freeze,
    seed,
  } = options;
  const training: TrainerOptions = {
    loss: options.loss,
    optimizer:
      learningRate === undefined ? optimizer : { ...optimizer, learningRate },
    backend: options.backend,
    ...defined({ schedule, clipNorm, accumulate, skip, freeze, seed }),
    ...(truncate && { truncate: { steps: truncate, ...defined({ burnIn }) } }),
  };
  try {
    return { model, trainer: new Trainer(model, training) };
  } catch (error) {
    throw refused(error, training);
  }
}

const defined = <T extends object>(
  given: T,
): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as never;

/** The model of a file, or a new one from a .json that lists its layers. */
async function modelIn(
  file: string,
  options: TrainCommandOptions,
): Promise<Sequential> {
  if (extname(file) === ".json") {
    const config = await about(
      file,
      async () => JSON.parse(await readFile(file, "utf8")) as unknown,
    );
    if (isRecord(config) && Array.isArray(config["layers"])) {
      if (options.option?.size)
        throw new UsageError(
          "--option: expected a model file to read, got a list of layers",
        );
      const model = await about(file, () => modelOfConfig(config));
      initialize(model, { seed: options.seed ?? 0 });
      return model;
    }
  }
  const { runner } = await loadModel(file, options);
  return runner.chain(file);
}

/** Runs the fit and shows its progress. */
async function follow(
  trainer: Trainer,
  { input, data }: { input: string; data: Data },
  options: TrainCommandOptions,
  save: () => Promise<void>,
  signal: AbortSignal,
): Promise<Summary> {
  const { json, quiet, epochs, batchSize, validation, patience, metrics } =
    options;
  const fit: FitOptions = {
    epochs,
    batchSize,
    signal,
    ...defined({
      validation,
      patience,
      metrics: metrics as readonly Metric[] | undefined,
    }),
  };
  const bar = startProgress("train", epochs, Boolean(quiet || json));
  const losses: number[] = [];
  try {
    const running = trainer.fit(data, fit)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await running.next();
      if (done) {
        bar.stop();
        if (!json && !quiet) process.stderr.write(chart(losses));
        return value as unknown as Summary;
      }
      if (json) tell(value);
      if (value.type === "epoch") {
        await save();
        continue;
      }
      losses.push(value.loss);
      const within = value.batches ? value.batch / value.batches : 0;
      bar.update(value.epoch - 1 + within);
    }
  } catch (error) {
    throw refused(error, options, input);
  } finally {
    bar.stop();
  }
}

/** The maximum width of the chart, in characters. */
const COLUMNS = 60;

/** A chart of the losses; each column is the mean of several steps. */
function chart(losses: readonly number[]): string {
  if (losses.length < 2) return "";
  const count = Math.min(COLUMNS, losses.length);
  const means = Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * losses.length) / count);
    const own = losses.slice(
      from,
      Math.max(from + 1, Math.floor(((i + 1) * losses.length) / count)),
    );
    return own.reduce((sum, loss) => sum + loss, 0) / own.length;
  });
  const plot = asciichart.plot(means, {
    height: 8,
    format: (value: number) => value.toPrecision(4).padStart(10),
  });
  return `${plot}\n`;
}

function describe({ reason, epochs, steps, best }: Summary): string {
  const why = {
    epochs: "done",
    patience: "no improvement",
    aborted: "stopped",
  }[reason];
  const held = best ? `, best validation loss ${best.loss.toPrecision(5)}` : "";
  return `${why} after ${epochs} epochs, ${steps} steps${held}`;
}
