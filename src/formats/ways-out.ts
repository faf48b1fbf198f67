/*
 * What to suggest for a state dict that does not show how its layers are connected: options.chain, or ONNX.
 */
import type { Found } from "./layer.js";
import { activationByDefault, activationByName } from "./activation-names.js";
import type { ChainEntry } from "./chain-entries.js";
import { type Module, recognise, shortName } from "./modules.js";
import { lastName, type NamedModule, type Silent } from "./named-module.js";

/** @param proposal a chain of all modules */
export function waysOut(
  modules: readonly Module[],
  found: readonly Found[],
  { entries, guesses }: Proposal,
): string {
  const chain = entries.map((entry) => entryText(entry)).join(", ");
  const notes = guesses.map((guess) => ` ${guess}`).join("");
  return `Two ways out. Say what forward does, in its order: load(file, { chain: [${chain}] }).${notes} There are also "relu" and other activations by name, "last" for only the last step, { repeat: n }. Or export ONNX, which includes forward, in Python, with an example input: ${exportLine(modules, found)}`;
}

/** As written in a program: { activation: { name: "elu", alpha: 1 } } */
const entryText = (entry: unknown): string =>
  JSON.stringify(entry)
    .replaceAll(/([{,])"(\w+)":/g, "$1 $2: ")
    .replaceAll("}", " }");

/** Lines of Python that work as they are in PyTorch 1.13 and later, for a `model` whose forward accepts the input. */
function exportLine(
  modules: readonly Module[],
  found: readonly Found[],
): string {
  const input = exampleInput(modules, found);
  const plain = `import torch; torch.onnx.export(model.eval(), ${input}, "model.onnx", input_names=["input"], output_names=["output"], dynamic_axes={"input": {0: "batch", 1: "time"}, "output": {0: "batch"}})`;
  const recurrent = found.filter((each) => each.recurrent);
  const [only] = recurrent;
  if (!only || recurrent.length > 1) return plain;
  return `${plain} or, if forward also takes and returns the state, ${exportWithStates(input, only)}`;
}

function exportWithStates(input: string, recurrent: Found): string {
  const shapes = stateShapes(recurrent);
  const zeros = shapes.map((shape) => `torch.zeros(${shape.join(", ")})`);
  const states = zeros.length > 1 ? `(${zeros.join(", ")})` : `${zeros[0]}`;
  const letters = ["h", "c"].slice(0, shapes.length);
  const before = letters.map((letter) => `${letter}0`);
  const after = letters.map((letter) => `${letter}n`);
  const quoted = (all: readonly string[]) =>
    all.map((name) => `"${name}"`).join(", ");
  const axes = [...before, ...after].map((name) => `"${name}": {1: "batch"}`);
  return `import torch; torch.onnx.export(model.eval(), (${input}, ${states}), "model.onnx", input_names=["input", ${quoted(before)}], output_names=["output", ${quoted(after)}], dynamic_axes={"input": {0: "batch", 1: "time"}, "output": {0: "batch"}, ${axes.join(", ")}})`;
}

/** The shapes of h and, for an LSTM, c: [L·D, 1, O] and [L·D, 1, H]. */
function stateShapes({ described }: Found): number[][] {
  const { numLayers, directions, hiddenSize, projSize } = described.sizes as {
    [name: string]: number;
  };
  const layers = (numLayers ?? 1) * (directions ?? 1);
  const hidden = [layers, 1, projSize || (hiddenSize ?? 1)];
  return described.type === "LSTM"
    ? [hidden, [layers, 1, hiddenSize ?? 1]]
    : [hidden];
}

/** A suggestion for options.chain. */
interface Proposal {
  readonly entries: readonly ChainEntry[];
  /** What is not from the file, one sentence each. */
  readonly guesses: readonly string[];
}

/**
 * A chain of the modules in the file's order, or with the recurrent ones first if only then their sizes match.
 */
export function proposeChain(
  modules: readonly Module[],
  named: readonly NamedModule[] | null,
  silent: readonly Silent[],
  found: readonly Found[],
): Proposal {
  const wanted = new Set(modules.map(({ name }) => name));
  const active = new Map(
    silent
      .filter((each) => activationByName(each.type ?? lastName(each.name)))
      .map((each) => [each.name, each]),
  );
  const names = (named ?? modules)
    .map(({ name }) => name)
    .filter((name) => wanted.has(name) || active.has(name));
  const guesses: string[] = [];
  const entries = inFittingOrder(names, found).map((name): ChainEntry => {
    const own = active.get(name);
    const activation = own && activationByDefault(own);
    if (!activation) return shortName(name);
    guesses.push(
      `alpha of ${shortName(name)} is not in the file: ${activation.alpha} is PyTorch's default.`,
    );
    return { activation };
  });
  return { entries, guesses };
}

function inFittingOrder(
  names: readonly string[],
  found: readonly Found[],
): readonly string[] {
  const layers = new Map(found.map((each) => [each.name, each]));
  const fits = (order: readonly string[]) => {
    const row = order.flatMap((name) => layers.get(name) ?? []);
    return row.every(
      ({ inputSize }, at) =>
        at === 0 || inputSize === (row[at - 1] as Found).outputSize,
    );
  };
  const isRecurrent = (name: string) => layers.get(name)?.recurrent ?? false;
  const recurrentFirst = [
    ...names.filter(isRecurrent),
    ...names.filter((name) => !isRecurrent(name)),
  ];
  return !fits(names) && fits(recurrentFirst) ? recurrentFirst : names;
}

/** An example input for the first of the modules: [1, T, features], or [1, T] for an Embedding. */
function exampleInput(
  modules: readonly Module[],
  found: readonly Found[],
): string {
  const layers = new Map(found.map((each) => [each.name, each.inputSize]));
  for (const module of modules) {
    const what = recognise(module);
    if (what.type === "Conv1d") return `torch.zeros(1, 100, ${what.inputSize})`;
    if ("size" in what) return `torch.zeros(1, 10, ${what.size})`;
    const size = layers.get(module.name);
    if (size === null) break;
    if (size !== undefined) return `torch.zeros(1, 10, ${size})`;
  }
  return "torch.zeros(1, 10, dtype=torch.long)";
}
