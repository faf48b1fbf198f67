/*
 * One module of a state dict as a layer.
 */
import { message } from "../checks.js";
import { describeLayer } from "./describe.js";
import {
  Embedding,
  GRU,
  type GRUOptions,
  type Layer,
  Linear,
  type LinearOptions,
  LSTM,
  RNN,
  type RNNOptions,
} from "../index.js";
import type { StateDict } from "../safetensors.js";
import {
  type Module,
  type Recognised,
  recognise,
  type RecurrentType,
} from "./modules.js";
import type { ReportLayer } from "./report.js";

/** What a dict does not tell of a layer. */
export interface LayerChoice {
  /** What a matrix without bias is: it could be either. */
  type?: "Embedding" | "Linear";
  /** Of an RNN; 'tanh' by default. */
  nonlinearity?: NonNullable<RNNOptions["nonlinearity"]>;
  /** Of an RNN, LSTM or GRU: false where only the last step is used. */
  returnSequences?: boolean;
  /** Of a GRU that is not PyTorch's own. */
  resetAfter?: boolean;
  updateGate?: NonNullable<GRUOptions["updateGate"]>;
  /** Of a Linear; 'linear' by default. */
  activation?: NonNullable<LinearOptions["activation"]>;
}

/** A layer that was found. */
export interface Found {
  readonly name: string;
  readonly layer: Layer;
  readonly described: ReportLayer;
  /** Its features, to see which layers fit each other; of an Embedding null. */
  readonly inputSize: number | null;
  readonly outputSize: number;
  readonly recurrent: boolean;
  /** Whether an activation was named: without, it may have any. */
  readonly activated: boolean;
  readonly warning: string | null;
}

type Choice = LayerChoice & Pick<RNNOptions, "backend">;

const CHOICES: Record<string, readonly string[]> = {
  RNN: ["nonlinearity", "returnSequences"],
  LSTM: ["returnSequences"],
  GRU: ["returnSequences", "resetAfter", "updateGate"],
  Linear: ["type", "activation"],
  Embedding: ["type"],
};

/**
 * The layer that `module` is, or why it is none.
 *
 * @param next the module behind it, which tells what a matrix alone is
 * @throws TypeError, RangeError when `choice` is not for such a layer
 */
export function toLayer(
  module: Module,
  next: Module | undefined,
  previous: Found | undefined,
  choice: Choice,
): Found | string {
  const what = recognise(module);
  if (what.type === null) return what.reason;
  const { name } = module;
  const dict = Object.fromEntries(module.parameters);
  let type: "Embedding" | "Linear" | null;
  if (what.type === "matrix")
    type = choice.type ?? guess(name, what.rows, what.columns, next, previous);
  else if (what.type === "Linear") type = "Linear";
  else return toRecurrent(name, what.type, dict, choice);
  if (type === null)
    return "a matrix alone is an Embedding or a Linear without bias: say which in options.layers";
  return type === "Linear"
    ? toLinear(name, dict, choice)
    : toEmbedding(name, dict, choice);
}

function toRecurrent(
  name: string,
  type: RecurrentType,
  dict: StateDict,
  choice: Choice,
): Found {
  const given = optionsFor(name, type, choice);
  const layer = { RNN, LSTM, GRU }[type].fromStateDict(dict, given);
  const { options, outputSize } = layer;
  const guessed = type === "RNN" && choice.nonlinearity === undefined;
  return {
    name,
    layer,
    described: describeLayer(name, layer),
    inputSize: options.inputSize,
    outputSize,
    recurrent: true,
    activated: true,
    warning: guessed
      ? `${name || "RNN"}: nonlinearity taken as tanh, which a state dict does not tell`
      : null,
  };
}

function toLinear(name: string, dict: StateDict, choice: Choice): Found {
  const { type: _, ...given } = optionsFor(name, "Linear", choice);
  const layer = Linear.fromStateDict(dict, given);
  const { inputSize, outputSize } = layer.options;
  return {
    name,
    layer,
    described: describeLayer(name, layer),
    inputSize,
    outputSize,
    recurrent: false,
    activated: choice.activation !== undefined,
    warning: null,
  };
}

function toEmbedding(name: string, dict: StateDict, choice: Choice): Found {
  optionsFor(name, "Embedding", choice);
  const layer = Embedding.fromStateDict(dict);
  return {
    name,
    layer,
    described: describeLayer(name, layer),
    inputSize: null,
    outputSize: layer.options.size,
    recurrent: false,
    activated: true,
    warning: null,
  };
}

/** The choice without what was said for all layers; throws when it names what this type has not. */
function optionsFor(name: string, type: string, choice: Choice): Choice {
  const known = CHOICES[type] as readonly string[];
  const given = Object.entries(choice).filter(([key, value]) => {
    if (key === "backend" || known.includes(key)) return value !== undefined;
    if (key === "nonlinearity") return false; // said for all
    const place = `layers[${JSON.stringify(name)}]`;
    const expected = `${known.join(", ")}, the options of ${type}`;
    throw new RangeError(message(place, expected, key));
  });
  return Object.fromEntries(given);
}

/** An Embedding [vocabulary, features] or a Linear [out, in], by its name, else by what stands beside it. */
function guess(
  name: string,
  rows: number,
  columns: number,
  next: Module | undefined,
  previous: Found | undefined,
): "Embedding" | "Linear" | null {
  if (/emb|lookup|wte|token/i.test(name)) return "Embedding";
  const wanted = next && inputOf(recognise(next));
  const couldEmbed = !previous && wanted === columns;
  const couldProject =
    previous?.outputSize === columns || (!previous && wanted === rows);
  if (couldEmbed === couldProject) return null;
  return couldEmbed ? "Embedding" : "Linear";
}

function inputOf(what: Recognised): number | null {
  if (what.type === null) return null;
  return what.type === "matrix" ? what.columns : what.sizes.inputSize;
}
