/*
 * The commands for queues: workers, and the program that sends them rows.
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
      "serve a queue: score rows and host live streams; on SIGTERM, finish what has begun and exit",
    )
    .argument(
      "<redis>",
      "the address of a Redis or Valkey server: redis://host:port",
    )
    .addOption(queueOption())
    .option(
      "--threads <count>",
      "number of threads (default: one per core)",
      count,
    )
    .option(
      "--lock <seconds>",
      "how long until the jobs of a dead worker go to another",
      positiveNumber,
      30,
    )
    .option(
      "--streams <count>",
      "how many live streams to host; 0 for none",
      streams,
      10_000,
    )
    .option(
      "--checkpoint <frames>",
      "how many frames between saves of a stream's state",
      count,
      100,
    )
    .option(
      "--idle <seconds>",
      "how long a stream may be idle before its state is stored and its memory freed",
      positiveNumber,
      30,
    )
    .option(
      "--lease <seconds>",
      "how long a host may be silent before others take over its streams",
      positiveNumber,
      3,
    )
    .addOption(quietOption())
    .action(work);
  program
    .command("score")
    .description(
      "run a file of independent sequences on the workers of a queue",
    )
    .argument("<model>", "a model file")
    .argument(
      "<input>",
      "an .npy or .npz file with a sequence per row, or a .jsonl file with one per line; - for standard input",
    )
    .argument("<out>", "a file of one of these kinds; - for standard output")
    .requiredOption(
      "--redis <url>",
      "the address of the queue's server: redis://host:port",
    )
    .addOption(queueOption())
    .option("--rows <count>", "sequences per job", count, 256)
    .option(
      "--patience <seconds>",
      "how long to wait for a server that is unreachable or full",
      positiveNumber,
      30,
    )
    .option(
      "--from <kind>",
      "the kind of INPUT (npy, npz or jsonl), if its name does not tell",
    )
    .option("--to <kind>", "the kind of OUT, if its name does not tell")
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(loadOption())
    .action(score);
}

const streams = (text: string): number => (text === "0" ? 0 : count(text));
