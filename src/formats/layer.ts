/*
 * One module of a state dict as a layer.
 */
import { message } from "../checks.js";
import { describeLayer } from "./describe.js";
import {
  Conv1d,
  Embedding,
  GRU,
  type GRUOptions,
  type Layer,
  LayerNorm,
  Linear,
  type LinearOptions,
  LSTM,
  RNN,
  type RNNOptions,
} from "../index.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";
import { epsilonOf } from "./batch-norm.js";
import {
  type Module,
  type Recognised,
  recognise,
  type RecurrentType,
  shortName,
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
  /** Of a Linear or Conv1d; 'linear' by default. */
  activation?: NonNullable<LinearOptions["activation"]>;
  /** Of a BatchNorm1d or LayerNorm; 1e-5 by default, as PyTorch has it. */
  epsilon?: number;
  /** Of a Conv1d, as nn.Conv1d has them: 0, 1, 1 and 1 by default. */
  padding?: number | "same" | "valid" | "causal";
  stride?: number;
  dilation?: number;
  groups?: number;
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
  /** Of a recurrent layer that reads in both directions 2, else 1. */
  readonly directions: number;
  /** Whether what it gives is sure: a Linear whose activation was not named may have any. */
  readonly activated: boolean;
  /** Whether the options named an activation that is one. */
  readonly named: boolean;
  /** Whether an activation behind it can become its own. */
  readonly takesActivation: boolean;
  /** Whether the last step alone comes out. */
  readonly lastOnly: boolean;
  readonly warning: string | null;
  /** What is other here than where it was trained; null where nothing is. */
  readonly note: string | null;
}

/** `lstm (LSTM 3 → 8)`, for messages. */
export function aboutFound({ name, described, ...sizes }: Found): string {
  const { inputSize, outputSize } = sizes;
  const features = `${inputSize ?? "tokens"} → ${outputSize}`;
  return `${shortName(name)} (${described.type} ${features})`;
}

export type Choice = LayerChoice & Pick<RNNOptions, "backend">;

const CHOICES: Record<string, readonly string[]> = {
  RNN: ["nonlinearity", "returnSequences"],
  LSTM: ["returnSequences"],
  GRU: ["returnSequences", "resetAfter", "updateGate"],
  Linear: ["type", "activation"],
  Embedding: ["type"],
  LayerNorm: ["epsilon"],
  Conv1d: ["padding", "stride", "dilation", "groups", "activation"],
};

/**
 * The layer that `module` is, or why it is none.
 *
 * @param next the module behind it, which tells what a matrix alone is
 * @param said whether options.chain names it: for what its weights alone do not tell enough
 * @throws TypeError, RangeError when `choice` is not for such a layer
 */
export function toLayer(
  module: Module,
  next: Module | undefined,
  previous: Found | undefined,
  choice: Choice,
  said = false,
): Found | string {
  const what = recognise(module);
  const { name } = module;
  const dict = Object.fromEntries(module.parameters);
  switch (what.type) {
    case null:
      return what.reason;
    case "LayerNorm":
      if (said && isNamed(module, "LayerNorm"))
        return toLayerNorm(module, dict, choice);
      return `a LayerNorm, or another normalisation, of ${what.size} features`;
    case "BatchNorm1d":
      return `a BatchNorm1d of ${what.size} features`;
    case "Conv1d":
      if (said) return toConv1d(module, dict, choice);
      return `a Conv1d ${what.inputSize} → ${what.outputSize} of ${what.kernelSize} steps, whose padding and stride are not in the file`;
    case "Linear":
      return toLinear(name, dict, choice);
    case "matrix": {
      const { rows, columns } = what;
      const type = choice.type ?? guess(name, rows, columns, next, previous);
      if (type === "Linear") return toLinear(name, dict, choice);
      if (type === "Embedding") return toEmbedding(name, dict, choice);
      return "a matrix alone is an Embedding or a Linear without bias: say which in options.layers";
    }
    default:
      return toRecurrent(module, what.type, dict, choice);
  }
}

function toRecurrent(
  { name, settings }: Module,
  type: RecurrentType,
  dict: StateDict,
  choice: Choice,
): Found {
  const known = nonlinearityIn(settings);
  const isPlain = type === "RNN" && known !== null;
  const all = isPlain ? { nonlinearity: known, ...choice } : choice;
  const given = optionsFor(name, type, all);
  const layer = { RNN, LSTM, GRU }[type].fromStateDict(dict, given);
  const { options, outputSize } = layer;
  const warnings: string[] = [];
  if (type === "RNN" && all.nonlinearity === undefined)
    warnings.push(
      `${name || "RNN"}: nonlinearity taken as tanh, which a state dict does not tell; options.nonlinearity or options.layers names it ("relu")`,
    );
  if (options.direction === "bidirectional" && !options.returnSequences)
    warnings.push(
      `${name || type}: returnSequences false gives h_n of both directions, the backward one after step 0; PyTorch's y[:, -1] is "last" in options.chain`,
    );
  return {
    name,
    layer,
    described: describeLayer(name, layer),
    inputSize: options.inputSize,
    outputSize,
    recurrent: true,
    directions: options.direction === "bidirectional" ? 2 : 1,
    activated: true,
    named: false,
    takesActivation: false,
    lastOnly: !options.returnSequences,
    warning: warnings.length ? warnings.join("; ") : null,
    note:
      settings.get("batch_first") === false
        ? `${name || type}: batch_first is False in the file: PyTorch gives it [T, B, ${options.inputSize}], here it takes [B, T, ${options.inputSize}]`
        : null,
  };
}

/** Of an nn.RNN, which TorchScript and whole modules have. */
function nonlinearityIn(settings: Module["settings"]): "tanh" | "relu" | null {
  const said = settings.get("nonlinearity") ?? settings.get("mode");
  if (said === "relu" || said === "RNN_RELU") return "relu";
  return said === "tanh" || said === "RNN_TANH" ? "tanh" : null;
}

function toLinear(name: string, dict: StateDict, choice: Choice): Found {
  const { type: _, ...given } = optionsFor(name, "Linear", choice);
  const layer = Linear.fromStateDict(dict, given);
  return plain(name, layer, {
    activated: choice.activation !== undefined,
    named: (choice.activation ?? "linear") !== "linear",
    takesActivation: layer.options.activation === "linear",
  });
}

/** What a layer is that is neither recurrent nor has anything to say. */
function plain(name: string, layer: Layer, more: Partial<Found> = {}): Found {
  const { inputSize, outputSize } = layer;
  return {
    name,
    layer,
    described: describeLayer(name, layer),
    inputSize,
    outputSize,
    recurrent: false,
    directions: 1,
    activated: true,
    named: false,
    takesActivation: false,
    lastOnly: false,
    warning: null,
    note: null,
    ...more,
  };
}

/** Whether the file names no class, or this one. */
const isNamed = ({ type }: Module, wanted: string): boolean =>
  type === null || type === wanted;

function toLayerNorm(module: Module, dict: StateDict, choice: Choice): Found {
  const { name, type, settings } = module;
  const { epsilon = epsilonOf(settings), backend } = optionsFor(
    name,
    "LayerNorm",
    choice,
  );
  const { weight, bias } = dict;
  const layer = new LayerNorm({
    size: (weight as Tensor).data.length,
    bias: bias !== undefined,
    epsilon,
    ...(backend && { backend }),
  }).loadStateDict(dict);
  const note = `${shortName(name)}: taken as a LayerNorm of epsilon ${epsilon}, which a state dict does not tell`;
  return plain(name, layer, { note: type === null ? note : null });
}

/** What nn.Conv1d was made with, where the file says. */
const CONV_SETTINGS = ["padding", "stride", "dilation", "groups"] as const;

function toConv1d(module: Module, dict: StateDict, choice: Choice): Found {
  const { name, settings } = module;
  const given = optionsFor(name, "Conv1d", choice);
  const saved = CONV_SETTINGS.filter((setting) => settings.has(setting)).map(
    (setting) => [setting, settings.get(setting)],
  );
  const layer = Conv1d.fromStateDict(dict, {
    ...Object.fromEntries(saved),
    ...(given as object),
  });
  const told = [...settings.keys(), ...Object.keys(given)];
  const untold = CONV_SETTINGS.filter((setting) => !told.includes(setting));
  const note = `${shortName(name)}: ${untold.join(", ")} taken as nn.Conv1d's own, which a state dict does not tell`;
  return plain(name, layer, {
    named: layer.options.activation !== "linear",
    takesActivation: layer.options.activation === "linear",
    note: untold.length ? note : null,
  });
}

function toEmbedding(name: string, dict: StateDict, choice: Choice): Found {
  optionsFor(name, "Embedding", choice);
  const layer = Embedding.fromStateDict(dict);
  return plain(name, layer, { inputSize: null });
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
  if (what.type === "matrix") return what.columns;
  return "sizes" in what ? what.sizes.inputSize : null;
}
