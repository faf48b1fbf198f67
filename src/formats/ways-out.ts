/*
 * What to do with a state dict that does not tell its network: say it, or export what has it.
 */
import type { Found } from "./layer.js";
import { shortName } from "./modules.js";
import { activationByName } from "./activation-names.js";
import { type NamedModule, parentOf } from "./named-module.js";

/**
 * @param names of what a chain in the file's order would have: modules, and those without weights whose names tell
 *   what they compute
 */
export function waysOut(
  found: readonly Found[],
  names: readonly string[],
): string {
  const chain = names.map((name) => JSON.stringify(name)).join(", ");
  return `Two ways out. Say what forward does, in its order: load(file, { chain: [${chain}] }), with "relu" and other activations by name, "last" for the last step alone, { repeat: n }. Or export ONNX, which has forward in it, in Python: ${exportLine(found)}`;
}

/** The lines of Python; they work word for word in PyTorch 1.13 and later for a `model` whose forward takes the input. */
function exportLine(found: readonly Found[]): string {
  const [first] = found;
  const input =
    first?.inputSize == null
      ? "torch.zeros(1, 10, dtype=torch.long)"
      : `torch.zeros(1, 10, ${first.inputSize})`;
  const plain = `import torch; torch.onnx.export(model.eval(), ${input}, "model.onnx", input_names=["input"], output_names=["output"], dynamic_axes={"input": {0: "batch", 1: "time"}, "output": {0: "batch"}})`;
  const recurrent = found.filter((each) => each.recurrent);
  const [only] = recurrent;
  if (!only || recurrent.length > 1) return plain;
  return `${plain} or, where forward takes and returns the state as well, ${exportWithStates(input, only)}`;
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

/** Of h and, of an LSTM, c: [L·D, 1, O] and [L·D, 1, H]. */
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

/** The modules that a chain may name, in the file's order. */
export function chainNames(
  modules: readonly { readonly name: string }[],
  named: readonly NamedModule[] | null,
  silent: readonly { readonly name: string; readonly type: string | null }[],
): string[] {
  const order = named ?? modules;
  const own = new Set(modules.map(({ name }) => name));
  return order.flatMap(({ name }) => {
    if (own.has(name)) return [shortName(name)];
    const found = silent.find((each) => each.name === name);
    if (!found) return [];
    const word =
      found.type ?? name.slice(parentOf(name).length).replace(".", "");
    return activationByName(word) ? [word.toLowerCase()] : [];
  });
}
