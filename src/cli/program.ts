/*
 * The commands and their arguments, which commander parses.
 */
import { Command, Option } from "commander";
import { convert, FORMATS, PRECISIONS } from "./commands/convert.js";
import { inspect } from "./commands/inspect.js";
import {
  backendOption,
  jsonOption,
  kindOption,
  loadOption,
  count,
  jsonOrName,
  names,
  nonNegativeNumber,
  number,
  numbers,
  pairs,
  positiveNumber,
  share,
  quietOption,
  scaleOption,
} from "./commands/options.js";
import { run } from "./commands/run.js";
import { SEGMENT } from "./commands/train-options.js";
import { train } from "./commands/train.js";
import { verify } from "./commands/verify.js";
import { shardOf } from "./run/shard.js";
import { addQueue } from "./program-queue.js";
import { addTasks } from "./program-tasks.js";

/** The version of the package, inserted by tools/cli.mjs. */
declare const GATEWISE_VERSION: string;

const EXAMPLES = `
Examples:
  gatewise inspect amp.nam
  gatewise convert amp.nam amp.safetensors
  gatewise run amp.nam guitar.wav out.wav
  gatewise run model.onnx input.npz output.npz
  sensor | gatewise run model.safetensors - - | alarm
  gatewise train config.json data.npz --loss mse --epochs 20 --checkpoint run.ckpt
  gatewise train lstm.nam di.wav amp.wav --loss esr --truncate 2048 --burn-in 4096
  gatewise verify model.safetensors cases.npz --tolerance 1e-5
  gatewise generate words.safetensors --stop 0 --count 10 --temperature 0.8
  gatewise forecast sunspots.safetensors history.csv next.csv --steps 24 --scale 209
  gatewise plot model.safetensors input.csv gates.svg
  gatewise plot --loss run.jsonl loss.svg
  gatewise work redis://queue.local
  gatewise score model.onnx rows.jsonl scores.jsonl --redis redis://queue.local

Exit codes: 0 done, 1 failed, 2 invalid arguments.`;

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
      "show what model files contain: layers, sizes, conventions, anything left out",
    )
    .argument("<file...>", "model files")
    .addOption(jsonOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(inspect);
  program
    .command("convert")
    .description("convert a model to another format")
    .argument("<file>", "a model file; - for standard input")
    .argument(
      "<out>",
      `where to write it, a name ending in .${FORMATS.join(", .")} (RTNeural's); - for standard output`,
    )
    .addOption(
      new Option(
        "--to <format>",
        "the format, if the name of OUT does not tell",
      ).choices(FORMATS),
    )
    .addOption(
      new Option(
        "--precision <name>",
        "round the weights to integers, for a file a quarter the size",
      ).choices(PRECISIONS),
    )
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(convert);
  program
    .command("run")
    .description("run data through a model")
    .argument("<file>", "a model file")
    .argument(
      "<input>",
      "an .npy, .npz, .csv, .jsonl or .wav file; - for standard input",
    )
    .argument("<out>", "a file of one of these kinds; - for standard output")
    .addOption(
      kindOption(
        "--from <kind>",
        "the kind of INPUT, if its name does not tell",
      ),
    )
    .addOption(
      kindOption("--to <kind>", "the kind of OUT, if its name does not tell"),
    )
    .option(
      "--stream",
      "answer each line as it arrives; the default for csv and jsonl if the model can stream",
    )
    .option(
      "--shard <i/n>",
      "process only part i of n of INPUT's lines or rows; the outputs of all parts, concatenated, are the output of the whole",
      shardOf,
    )
    .option("--whole", "read all lines first and treat them as one sequence")
    .option(
      "--states <pairs>",
      "for graphs read line by line: which outputs are fed back into which inputs, such as h0=hn,c0=cn",
      pairs,
    )
    .option(
      "--columns <names>",
      "for CSV files: the columns to read, in order, by name or number (from 1); by default all except dates",
      names,
    )
    .option(
      "--knobs <numbers>",
      "for WAV files: values for the model's inputs other than the sample",
      numbers,
    )
    .addOption(scaleOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(run);
  program
    .command("train")
    .description("train a model on examples; Ctrl-C stops it and saves")
    .argument(
      "<model>",
      "a model file, or a .json file that lists layers to start from scratch",
    )
    .argument(
      "<data>",
      "an .npz file with input and target, a .jsonl file of examples, a .csv or a .wav file",
    )
    .argument("[target]", "for .wav files: the recording to learn to produce")
    .option(
      "--out <file>",
      "where to write the model (default: MODEL-trained.safetensors)",
    )
    .option(
      "--loss <name>",
      "mse, mae, huber, crossEntropy, binaryCrossEntropy, esr, ctc, or JSON",
      jsonOrName,
    )
    .option("--optimizer <name>", "sgd, adam, adamw, or JSON", jsonOrName)
    .option(
      "--learning-rate <number>",
      "the optimiser's learning rate",
      positiveNumber,
    )
    .option("--schedule <json>", "how the learning rate changes", jsonOrName)
    .option("--epochs <count>", "passes over the data", count, 10)
    .option("--batch-size <count>", "sequences per step", count, 32)
    .option(
      "--validation <share>",
      "the share of the data held out for validation, such as 0.1",
      share,
    )
    .option(
      "--patience <epochs>",
      "stop after this many epochs without a better validation loss",
      count,
    )
    .option(
      "--metrics <names>",
      "also report accuracy, perplexity, mae or esr",
      names,
    )
    .option(
      "--clip-norm <number>",
      "limit on the global norm of the gradients (default: 1)",
      positiveNumber,
    )
    .option(
      "--accumulate <count>",
      "batches whose gradients are added up for each step",
      count,
    )
    .option(
      "--truncate <steps>",
      "backpropagate through at most this many time steps, and update after each",
      count,
    )
    .option(
      "--burn-in <steps>",
      "with --truncate: initial time steps that only warm up the state",
      count,
    )
    .option(
      "--skip <steps>",
      "initial time steps of each sequence that the loss ignores",
      count,
    )
    .option(
      "--freeze <names>",
      "parameters to keep as they are, by name or prefix, such as 0.,1.weight",
      names,
    )
    .option("--seed <number>", "seed for everything random", number)
    .option("--columns <names>", "for CSV files: the input columns", names)
    .option("--targets <names>", "for CSV files: the target columns", names)
    .option(
      "--segment <steps>",
      `for CSV and WAV files: time steps per sequence (default: ${SEGMENT})`,
      count,
    )
    .option(
      "--checkpoint <file>",
      "save the state of training here after each epoch and at the end",
    )
    .option("--resume", "continue from the checkpoint if it exists")
    .addOption(new Option("--json", "print progress as lines of JSON"))
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(train);
  program
    .command("verify")
    .description(
      "compare a model's outputs with those of the framework that trained it",
    )
    .argument("<file>", "a model file")
    .argument(
      "[cases]",
      "an .npz or .json file of inputs and expected outputs; by default those stored in the model file",
    )
    .option(
      "--tolerance <number>",
      "the largest absolute error allowed",
      nonNegativeNumber,
      1e-5,
    )
    .addOption(jsonOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(verify);
  addTasks(program);
  addQueue(program);
  return program;
}
