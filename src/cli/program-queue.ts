/*
 * The commands of a queue: who has cores, and who has rows.
 */
import { type Command } from "commander";
import {
  count,
  jsonOption,
  loadOption,
  positiveNumber,
  queueOption,
  quietOption,
} from "./commands/options.js";
import { score } from "./commands/score.js";
import { work } from "./commands/work.js";

export function addQueue(program: Command): void {
  program
    .command("work")
    .description(
      "score rows and host live streams for others; SIGTERM ends it when what it has begun is done",
    )
    .argument("<redis>", "the address of a Redis or Valkey: redis://host:port")
    .addOption(queueOption())
    .option("--threads <count>", "as many as there are cores without it", count)
    .option(
      "--lock <seconds>",
      "after which others do what a worker had that died",
      positiveNumber,
      30,
    )
    .option(
      "--streams <count>",
      "that may live here; 0 for none",
      streams,
      10_000,
    )
    .option(
      "--checkpoint <frames>",
      "after which the state of a stream is written",
      count,
      100,
    )
    .option(
      "--idle <seconds>",
      "without frames, after which a stream is put aside",
      positiveNumber,
      30,
    )
    .option(
      "--lease <seconds>",
      "without a sign of life, after which others take the streams",
      positiveNumber,
      3,
    )
    .addOption(quietOption())
    .action(work);
  program
    .command("score")
    .description(
      "run rows, each a sequence by itself, on the workers of a queue",
    )
    .argument("<model>", "a model file")
    .argument(
      "<input>",
      "an .npy or .npz file of rows, or a .jsonl file with a sequence a line; - for standard input",
    )
    .argument("<out>", "the same; - for standard output")
    .requiredOption("--redis <url>", "where the queue is: redis://host:port")
    .addOption(queueOption())
    .option("--rows <count>", "rows of a job", count, 256)
    .option(
      "--patience <seconds>",
      "how long the server may be gone or full",
      positiveNumber,
      30,
    )
    .option(
      "--from <kind>",
      "npy, npz or jsonl, where INPUT's name does not say",
    )
    .option("--to <kind>", "of OUT, likewise")
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(loadOption())
    .action(score);
}

const streams = (text: string): number => (text === "0" ? 0 : count(text));
