import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  GRU,
  LSTM,
  RNN,
  type Backend,
  type State,
  type StateDict,
  type Tensor,
} from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import type { AnyOptions, Kind, Recurrent } from "./layers.js";
import { tolerances } from "./tolerances.js";

/** A reference case: one safetensors file as tools/make_fixtures.py writes it. */
export interface Case {
  name: string;
  kind: Kind;
  options: AnyOptions;
  weights: StateDict;
  input: Tensor;
  start: { state?: State; lengths?: readonly number[] };
  expected: { output: Tensor; state: State };
  tolerance: number;
}

interface Metadata {
  layer: Kind;
  options: {
    input_size: number;
    hidden_size: number;
    num_layers: number;
    bias: boolean;
    bidirectional: boolean;
    nonlinearity?: "tanh" | "relu";
    proj_size?: number;
    reset_after?: boolean;
    update_gate?: "keep" | "replace";
  };
  lengths?: number[];
  float32_error: number;
}

const repository = new URL("../../", import.meta.url);

/** The cases of a folder, named from the repository's root; none where the folder is absent. */
export function readCases(folder: string): Case[] {
  const path = fileURLToPath(new URL(folder, repository));
  if (!existsSync(path)) return [];
  const files = readdirSync(path).filter((file) =>
    file.endsWith(".safetensors"),
  );
  return files
    .sort()
    .map((file) =>
      readCase(`${path}/${file}`, file.replace(".safetensors", "")),
    );
}

function readCase(path: string, name: string): Case {
  const { tensors, metadata } = parse(readFileSync(path));
  const { input, output, h0, c0, hn, cn, ...weights } = tensors;
  if (!input || !output || !hn)
    throw new Error(`${path}: input, output and hn expected`);
  const { layer, options, lengths, float32_error } = JSON.parse(
    metadata.case!,
  ) as Metadata;
  return {
    name,
    kind: layer,
    options: ours(options),
    weights,
    input,
    start: {
      ...(h0 && { state: stateOf(h0, c0) }),
      ...(lengths && { lengths }),
    },
    expected: { output, state: stateOf(hn, cn) },
    tolerance: tolerances.reference(float32_error),
  };
}

function stateOf(hidden: Tensor, cell: Tensor | undefined): State {
  return cell ? { hidden, cell } : { hidden };
}

/** PyTorch's arguments under our names. */
function ours(theirs: Metadata["options"]): AnyOptions {
  return {
    inputSize: theirs.input_size,
    hiddenSize: theirs.hidden_size,
    numLayers: theirs.num_layers,
    bias: theirs.bias,
    direction: theirs.bidirectional ? "bidirectional" : "forward",
    ...(theirs.nonlinearity && { nonlinearity: theirs.nonlinearity }),
    ...(theirs.proj_size && { projSize: theirs.proj_size }),
    ...(theirs.reset_after !== undefined && { resetAfter: theirs.reset_after }),
    ...(theirs.update_gate && { updateGate: theirs.update_gate }),
  };
}

/** The layer from its weights alone; options are given only where no shape tells them. */
export function layerOf(
  { kind, options, weights }: Case,
  backend: Backend,
): Recurrent {
  const {
    nonlinearity = "tanh",
    resetAfter = true,
    updateGate = "keep",
  } = options;
  if (kind === "RNN")
    return RNN.fromStateDict(weights, { nonlinearity, backend });
  if (kind === "GRU")
    return GRU.fromStateDict(weights, { resetAfter, updateGate, backend });
  return LSTM.fromStateDict(weights, { backend });
}
