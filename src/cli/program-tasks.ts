/*
 * The commands that make something of a model: texts, forecasts, pictures.
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
  "of a CSV file: the columns to read, by name or by number from 1",
  names,
] as const;

export function addTasks(program: Command): void {
  program
    .command("generate")
    .description("write tokens, each of which is the next input")
    .argument("<file>", "a model file: an Embedding or one-hot in, logits out")
    .option("--prompt <text>", "what to go on after, in the vocabulary")
    .option("--tokens <numbers>", "the same as tokens; 0 without both", numbers)
    .option(
      "--vocabulary <text>",
      "a character a token, from token 0; what the file's metadata has without it",
    )
    .option("--steps <count>", "tokens at most", count, 200)
    .option("--count <count>", "how many texts", count, 1)
    .option(
      "--temperature <number>",
      "below 1 likelier, above 1 wilder; 0 the likeliest",
      number,
    )
    .option("--top-k <count>", "of the likeliest so many", count)
    .option("--top-p <share>", "of the likeliest that are so likely", number)
    .option("--stop <token>", "a token that ends a text", number)
    .option("--seed <number>", "of the choices; one more each text", number, 0)
    .addOption(jsonOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(generate);
  program
    .command("forecast")
    .description("go on after a series, each output being the next input")
    .argument("<file>", "a model file of as many outputs as inputs")
    .argument("<history>", "an .npy, .npz, .csv or .jsonl file; - for input")
    .argument("<out>", "the same; - for standard output")
    .requiredOption("--steps <count>", "how many steps", count)
    .addOption(kindOption("--from <kind>", "the form of HISTORY"))
    .addOption(kindOption("--to <kind>", "the form of OUT"))
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
      new Option("--what <picture>", "gates without it").choices(PICTURES),
    )
    .option(
      "--loss <file>",
      "what `gatewise train --json` printed: how the training went",
    )
    .option("--width <pixels>", "of the picture", positiveNumber, 960)
    .addOption(
      new Option("--theme <name>", "of the page that it stands in")
        .choices(["light", "dark"])
        .default("light"),
    )
    .option(...COLUMNS)
    .option("--knobs <numbers>", "of a WAV file: what the model takes", numbers)
    .addOption(scaleOption())
    .addOption(kindOption("--from <kind>", "the form of INPUT"))
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(plot);
}
