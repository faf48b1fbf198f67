/*
 * The commands and their arguments, which commander parses.
 */
import { Command, Option } from "commander";
import { convert, FORMATS } from "./commands/convert.js";
import { inspect } from "./commands/inspect.js";
import {
  backendOption,
  jsonOption,
  kindOption,
  loadOption,
  names,
  numbers,
  pairs,
  positiveNumber,
  quietOption,
} from "./commands/options.js";
import { run } from "./commands/run.js";
import { verify } from "./commands/verify.js";

/** Of the package; tools/cli.mjs puts it here. */
declare const GATEWISE_VERSION: string;

const EXAMPLES = `
Examples:
  gatewise inspect amp.nam
  gatewise convert amp.nam amp.safetensors
  gatewise run amp.nam guitar.wav out.wav
  gatewise run model.onnx input.npz output.npz
  sensor | gatewise run model.safetensors - - | alarm
  gatewise verify model.safetensors cases.npz --tolerance 1e-5

Exit codes: 0 done, 1 failed, 2 arguments that make no sense.`;

/** Throws CommanderError instead of ending the process. */
export function createProgram(): Command {
  const program = new Command("gatewise")
    .description("Runs, checks and converts recurrent networks.")
    .version(GATEWISE_VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  program
    .command("inspect")
    .description(
      "print what model files hold: layers, sizes, conventions, what was left out",
    )
    .argument("<file...>", "model files")
    .addOption(jsonOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(inspect);
  program
    .command("convert")
    .description("write a model in another format")
    .argument("<file>", "a model file; - for standard input")
    .argument(
      "<out>",
      `a name that ends with .${FORMATS.join(" or .")}; - for standard output`,
    )
    .addOption(
      new Option("--to <format>", "where the name does not say").choices(
        FORMATS,
      ),
    )
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(convert);
  program
    .command("run")
    .description("run numbers through a model")
    .argument("<file>", "a model file")
    .argument(
      "<input>",
      "an .npy, .npz, .csv, .jsonl or .wav file; - for standard input",
    )
    .argument("<out>", "the same; - for standard output")
    .addOption(
      kindOption(
        "--from <kind>",
        "the form of INPUT, where its name does not say",
      ),
    )
    .addOption(kindOption("--to <kind>", "the form of OUT, likewise"))
    .option(
      "--stream",
      "answer each line as it comes; what csv and jsonl do anyway where the model can",
    )
    .option("--whole", "read all lines first, as one sequence")
    .option(
      "--states <pairs>",
      "of an ONNX graph in a pipe: inputs that are outputs of the line before, h0=hn,c0=cn",
      pairs,
    )
    .option(
      "--columns <names>",
      "of a CSV file: the columns to read, by name or by number from 1, in this order; without it all but those of dates",
      names,
    )
    .option(
      "--knobs <numbers>",
      "of a WAV file: what the model takes beside the sample",
      numbers,
    )
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(run);
  program
    .command("verify")
    .description(
      "compare a model's outputs with those of the framework that trained it",
    )
    .argument("<file>", "a model file")
    .argument(
      "[cases]",
      "an .npz or .json file; without it, what the model file carries itself",
    )
    .option(
      "--tolerance <number>",
      "the largest error that is right",
      positiveNumber,
      1e-5,
    )
    .addOption(jsonOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(verify);
  return program;
}
