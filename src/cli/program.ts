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
  count,
  jsonOrName,
  names,
  numbers,
  pairs,
  positiveNumber,
  share,
  quietOption,
  scaleOption,
} from "./commands/options.js";
import { run } from "./commands/run.js";
import { SEGMENT, train } from "./commands/train.js";
import { verify } from "./commands/verify.js";
import { shardOf } from "./run/shard.js";
import { addQueue } from "./program-queue.js";
import { addTasks } from "./program-tasks.js";

/** Of the package; tools/cli.mjs puts it here. */
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
    .option(
      "--shard <i/n>",
      "part i of n of the lines or rows of INPUT; the outputs of all, one after another, are that of the whole",
      shardOf,
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
    .addOption(scaleOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(loadOption())
    .addOption(backendOption())
    .action(run);
  program
    .command("train")
    .description("learn weights from examples; Ctrl-C ends it well")
    .argument("<model>", "a model file, or a .json of layers to begin with")
    .argument(
      "<data>",
      "an .npz of input and target, a .jsonl of examples, a .csv, or a .wav",
    )
    .argument("[target]", "of a .wav: what should come out")
    .option(
      "--out <file>",
      "where the model goes; MODEL-trained.safetensors without it",
    )
    .option(
      "--loss <name>",
      "mse, mae, huber, crossEntropy, binaryCrossEntropy, esr, ctc, or JSON",
      jsonOrName,
    )
    .option("--optimizer <name>", "sgd, adam, adamw, or JSON", jsonOrName)
    .option("--learning-rate <number>", "of the optimiser", positiveNumber)
    .option("--schedule <json>", "of the learning rate", jsonOrName)
    .option("--epochs <count>", "how often all data are seen", count, 10)
    .option("--batch-size <count>", "sequences a step", count, 32)
    .option("--validation <share>", "how much of the data is held out", share)
    .option(
      "--patience <epochs>",
      "end when the validation loss gets no better",
      count,
    )
    .option("--metrics <names>", "accuracy, perplexity, mae, esr", names)
    .option(
      "--clip-norm <number>",
      "of all gradients; 1 without it",
      positiveNumber,
    )
    .option("--accumulate <count>", "batches a step of the optimiser", count)
    .option(
      "--truncate <steps>",
      "a step of the optimiser every so many steps of time",
      count,
    )
    .option(
      "--burn-in <steps>",
      "with --truncate: steps before the first for the state alone",
      count,
    )
    .option(
      "--skip <steps>",
      "at the start of each sequence, without loss",
      count,
    )
    .option(
      "--freeze <names>",
      "parameters that stay, or beginnings of names: 0.,1.weight",
      names,
    )
    .option("--seed <number>", "of all that is drawn", Number)
    .option("--columns <names>", "of a CSV file: the columns that go in", names)
    .option(
      "--targets <names>",
      "of a CSV file: the columns that should come out",
      names,
    )
    .option(
      "--segment <steps>",
      "of a CSV or WAV file: steps of a sequence",
      count,
      SEGMENT,
    )
    .option("--checkpoint <file>", "written after each epoch and in the end")
    .option("--resume", "go on from the checkpoint, if it is there")
    .addOption(new Option("--json", "progress as lines of JSON"))
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
      "an .npz or .json file; without it, what the model file carries itself",
    )
    .option(
      "--tolerance <number>",
      "maximum absolute error that still passes",
      positiveNumber,
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
