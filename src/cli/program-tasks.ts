/*
 * The commands that produce text, forecasts and pictures.
 */
import { type Command, Option } from "commander";
import { forecast } from "./commands/forecast.js";
import { generate } from "./commands/generate.js";
import {
  backendOption,
  count,
  jsonOption,
  kindOption,
  loadOption,
  names,
  number,
  numbers,
  positiveNumber,
  quietOption,
  scaleOption,
} from "./commands/options.js";
import { PICTURES, plot } from "./commands/plot.js";

const COLUMNS = [
  "--columns <names>",
  "for CSV files: the columns to read, by name or number (from 1)",
  names,
] as const;

export function addTasks(program: Command): void {
  program
    .command("generate")
    .description(
      "generate text or tokens, feeding each one back as the next input",
    )
    .argument(
      "<file>",
      "a model of tokens (embedded or one-hot) whose outputs are logits or probabilities",
    )
    .option("--prompt <text>", "text to continue")
    .option(
      "--tokens <numbers>",
      "tokens to continue, instead of --prompt (default: 0)",
      numbers,
    )
    .option(
      "--vocabulary <text>",
      "the characters of the tokens, from token 0 (default: from the file's metadata)",
    )
    .option("--steps <count>", "maximum number of tokens", count, 200)
    .option("--count <count>", "number of texts to generate", count, 1)
    .option(
      "--temperature <number>",
      "below 1 for safer choices, above 1 for wilder ones, 0 for the likeliest",
      number,
    )
    .option(
      "--top-k <count>",
      "choose among this many of the likeliest tokens",
      count,
    )
    .option(
      "--top-p <share>",
      "choose among the likeliest tokens that together have this probability",
      number,
    )
    .option("--stop <token>", "the token that ends a text", number)
    .option(
      "--seed <number>",
      "seed for the choices; each further text uses the next number",
      number,
      0,
    )
    .addOption(jsonOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(generate);
  program
    .command("forecast")
    .description(
      "continue a series, feeding each output back as the next input",
    )
    .argument("<file>", "a model with as many outputs as inputs")
    .argument(
      "<history>",
      "an .npy, .npz, .csv or .jsonl file; - for standard input",
    )
    .argument("<out>", "a file of one of these kinds; - for standard output")
    .requiredOption("--steps <count>", "number of steps to predict", count)
    .addOption(
      kindOption(
        "--from <kind>",
        "the kind of HISTORY, if its name does not tell",
      ),
    )
    .addOption(
      kindOption("--to <kind>", "the kind of OUT, if its name does not tell"),
    )
    .option(...COLUMNS)
    .addOption(scaleOption())
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(forecast);
  program
    .command("plot")
    .description("draw gates, outputs, weights or losses as SVG")
    .argument(
      "[files...]",
      "MODEL INPUT [OUT.svg]; MODEL [OUT.svg] for weights; [OUT.svg] with --loss",
    )
    .addOption(
      new Option("--what <picture>", "what to draw (default: gates)").choices(
        PICTURES,
      ),
    )
    .option(
      "--loss <file>",
      "draw the course of a training from the output of `gatewise train --json`",
    )
    .option("--width <pixels>", "width of the picture", positiveNumber, 960)
    .addOption(
      new Option("--theme <name>", "the page that the picture is for")
        .choices(["light", "dark"])
        .default("light"),
    )
    .option(...COLUMNS)
    .option(
      "--knobs <numbers>",
      "for WAV files: values for the model's inputs other than the sample",
      numbers,
    )
    .addOption(scaleOption())
    .addOption(
      kindOption(
        "--from <kind>",
        "the kind of INPUT, if its name does not tell",
      ),
    )
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(plot);
}
