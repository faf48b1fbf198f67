/*
 * One module of a state dict as a layer.
 */
import { message } from "../checks.js";
import { checkEpsilon } from "../layers/layer-norm.js";
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

/** What a state dict does not say about a layer. */
export interface LayerChoice {
  /** For a matrix without bias, which could be either. */
  type?: "Embedding" | "Linear";
  /** For an RNN; 'tanh' by default. */
  nonlinearity?: NonNullable<RNNOptions["nonlinearity"]>;
  /** For an RNN, LSTM or GRU: false if only the last step is used. */
  returnSequences?: boolean;
  /** For a GRU other than PyTorch's own. */
  resetAfter?: boolean;
  updateGate?: NonNullable<GRUOptions["updateGate"]>;
  /** For a Linear or Conv1d; 'linear' by default. */
  activation?: NonNullable<LinearOptions["activation"]>;
  /** For a BatchNorm1d or LayerNorm; 1e-5 by default, as in PyTorch. */
  epsilon?: number;
  /** For a Conv1d, as in nn.Conv1d: 0, 1, 1 and 1 by default. */
  padding?: number | "same" | "valid" | "causal";
  stride?: number;
  dilation?: number;
  groups?: number;
}

/** A module of a state dict that is a layer. */
export interface Found {
  readonly name: string;
  readonly layer: Layer;
  readonly described: ReportLayer;
  /** Its input features, to see which layers fit each other; null for an Embedding. */
  readonly inputSize: number | null;
  readonly outputSize: number;
  readonly recurrent: boolean;
  /** 2 for a bidirectional recurrent layer, else 1. */
  readonly directions: number;
  /** Whether its activation is certain: a Linear may have any unless the options name it. */
  readonly activated: boolean;
  /** Whether the options named an activation other than 'linear'. */
  readonly named: boolean;
  /** Whether an activation after it can become its own. */
  readonly takesActivation: boolean;
  /** Whether it returns only the last step. */
  readonly lastOnly: boolean;
  readonly warning: string | null;
  /** A line for the report about how it differs from the original; null if it does not. */
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
  BatchNorm1d: ["epsilon"],
  Conv1d: ["padding", "stride", "dilation", "groups", "activation"],
};

/**
 * The layer that `module` is, or why it is not one.
 *
 * @param next the module after it, by whose size a single matrix is recognised
 * @param inChain whether options.chain names it, for layers whose weights do not show enough
 * @throws TypeError, RangeError if `choice` is not for such a layer
 */
export function toLayer(
  module: Module,
  next: Module | undefined,
  previous: Found | undefined,
  choice: Choice,
  inChain = false,
): Found | string {
  const what = recognise(module);
  const { name } = module;
  const dict = Object.fromEntries(module.parameters);
  switch (what.type) {
    case null:
      return what.reason;
    case "LayerNorm":
      if (inChain && isNamed(module, "LayerNorm"))
        return toLayerNorm(module, dict, choice);
      return `a LayerNorm, or another normalisation, of ${what.size} features`;
    case "BatchNorm1d":
      return `a BatchNorm1d of ${what.size} features`;
    case "Conv1d":
      if (inChain) return toConv1d(module, dict, choice);
      return `a Conv1d ${what.inputSize} → ${what.outputSize} of ${what.kernelSize} steps, whose padding and stride are not in the file`;
    case "Linear":
      return toLinear(name, dict, choice);
    case "matrix": {
      const { rows, columns } = what;
      const type = choice.type ?? guess(name, rows, columns, next, previous);
      if (type === "Linear") return toLinear(name, dict, choice);
      if (type === "Embedding") return toEmbedding(name, dict, choice);
      return "a single matrix may be an Embedding or a Linear without bias: say which in options.layers";
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
      `${name || "RNN"}: nonlinearity assumed to be tanh, which a state dict does not say; set it in options.nonlinearity or options.layers ("relu")`,
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
        ? `${name || type}: batch_first is False in the file: PyTorch's input is [T, B, ${options.inputSize}], here it is [B, T, ${options.inputSize}]`
        : null,
  };
}

/** The nonlinearity of an nn.RNN, if the file has it, as TorchScript and whole modules do. */
function nonlinearityIn(settings: Module["settings"]): "tanh" | "relu" | null {
  const value = settings.get("nonlinearity") ?? settings.get("mode");
  if (value === "relu" || value === "RNN_RELU") return "relu";
  return value === "tanh" || value === "RNN_TANH" ? "tanh" : null;
}

/** What the options say about a BatchNorm1d. */
export function batchNormChoice(name: string, choice: Choice): Choice {
  const checked = optionsFor(name, "BatchNorm1d", choice);
  if (checked.epsilon !== undefined) checkEpsilon(checked.epsilon);
  return checked;
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

/** A layer that is not recurrent; `more` overrides the defaults. */
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

/** Whether the file names this class, or none. */
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
  const note = `${shortName(name)}: assumed to be a LayerNorm with epsilon ${epsilon}, which a state dict does not say`;
  return plain(name, layer, { note: type === null ? note : null });
}

/** The arguments of nn.Conv1d that some files have. */
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
  const known = [...settings.keys(), ...Object.keys(given)];
  const assumed = CONV_SETTINGS.filter((setting) => !known.includes(setting));
  const note = `${shortName(name)}: ${assumed.join(", ")} assumed to be nn.Conv1d's defaults, which a state dict does not say`;
  return plain(name, layer, {
    named: layer.options.activation !== "linear",
    takesActivation: layer.options.activation === "linear",
    note: assumed.length ? note : null,
  });
}

function toEmbedding(name: string, dict: StateDict, choice: Choice): Found {
  optionsFor(name, "Embedding", choice);
  const layer = Embedding.fromStateDict(dict);
  return plain(name, layer, { inputSize: null });
}

/** The choice without options that were given for all layers; throws if it has others than this type of layer has. */
function optionsFor(name: string, type: string, choice: Choice): Choice {
  const known = CHOICES[type] as readonly string[];
  const given = Object.entries(choice).filter(([key, value]) => {
    if (key === "backend" || known.includes(key)) return value !== undefined;
    if (key === "nonlinearity") return false; // given for all layers
    const place = `layers[${JSON.stringify(name)}]`;
    const expected = `${known.join(", ")}, the options of ${type}`;
    throw new RangeError(message(place, expected, key));
  });
  return Object.fromEntries(given);
}

/** An Embedding [vocabulary, features] or a Linear [out, in], by its name, else by the sizes of its neighbours. */
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
