/*
 * Layers, and where possible a model, from a PyTorch state dict, whatever file it was in.
 *
 * A state dict says what each layer is and how large, but not what joins them: activations, dropout, which step of a
 * sequence is used. A model is made only of what can be one chain in one way; the rest is named in warnings.
 */
import { isRecord, message, record, wrong } from "../checks.js";
import { FormatError } from "../errors.js";
import { type Layer, Sequential } from "../index.js";
import type { BackendChoice } from "../layers/options.js";
import type { StateDict } from "../safetensors.js";
import { type Found, type LayerChoice, toLayer } from "./layer.js";
import { list, type Module, modulesOf } from "./modules.js";
import { silentModules, whyNoChain } from "./obvious.js";
import { makeReport, refusal, type Report } from "./report.js";

export type { LayerChoice } from "./layer.js";

/** What a state dict does not tell. */
export interface ModelOptions {
  /** Only the modules whose names begin so: "encoder.". */
  prefix?: string;
  /** The order in which layers follow each other, by their names: where it is not obvious, or only some are wanted. */
  chain?: readonly string[];
  /** By the layer's name: { rnn: { nonlinearity: "relu" }, fc1: { activation: "relu" } }. */
  layers?: Record<string, LayerChoice>;
  /** Of all RNN layers; tanh by default. */
  nonlinearity?: "tanh" | "relu";
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

/** What `load` returns for files of state dicts. */
export interface LoadedLayers {
  readonly model: Sequential;
  /** All layers by their names, in the file's order. */
  readonly layers: Record<string, Layer>;
  readonly report: Report;
}

/** The names of ModelOptions, for the check that there are no others. */
export const MODEL_OPTIONS: Readonly<Record<keyof ModelOptions, true>> = {
  prefix: true,
  chain: true,
  layers: true,
  nonlinearity: true,
  backend: true,
};

/** A state dict as it was read, and what its report says beside the layers. */
export interface SavedDict extends Omit<
  Report,
  "layers" | "assumptions" | "warnings"
> {
  readonly tensors: StateDict;
  /** Names of all modules, those without parameters too; null where the file does not list them. */
  readonly modules: readonly string[] | null;
}

/**
 * @throws TypeError, RangeError for options that do not fit the dict; FormatError when it has no layers, or when they
 *   make no model: then with the report and the layers
 */
export function buildModel(
  { tensors, modules: names, ...file }: SavedDict,
  options: ModelOptions,
): LoadedLayers {
  const { prefix = "", chain } = options;
  if (typeof prefix !== "string")
    throw wrong(false, "prefix", "a string", prefix);
  const modules = modulesOf(tensors, prefix);
  const choices = choicesFor(modules, options);
  const found: Found[] = [];
  const refused: [Module, string][] = [];
  modules.forEach((module, index) => {
    const choice = choices(module.name);
    const layer = toLayer(module, modules[index + 1], found.at(-1), choice);
    if (typeof layer === "string") refused.push([module, layer]);
    else found.push(layer);
  });
  if (!found.length) {
    const got = refused.length
      ? refused.map(([module, reason]) => about(module, reason)).slice(0, 3)
      : ["no tensors"];
    throw new FormatError(
      `expected weights of RNN, LSTM, GRU, Linear or Embedding, got ${got.join("; ")}`,
      PLACE,
    );
  }
  const problem = chain
    ? null
    : whyNoChain(
        found,
        refused.map(([{ name }]) => name),
      );
  const report = makeReport({
    ...file,
    layers: found.map(({ described }) => described),
    ignored: [
      ...file.ignored,
      ...refused.map(([module]) => about(module, list(module.parameters))),
    ],
    warnings: [
      ...refused.map(([module, reason]) => about(module, reason)),
      ...found.flatMap(({ warning }) => (warning ? [warning] : [])),
      ...silentModules(modules, names, prefix),
      ...(problem === null ? [] : [`no model was made: ${problem}`]),
    ],
  });
  // fromEntries defines own properties, so a layer may be called __proto__
  const layers = Object.fromEntries(
    found.map(({ name, layer }) => [name, layer]),
  );
  if (problem !== null)
    throw refusal(report.warnings.join("; "), PLACE, { report, layers });
  return { model: new Sequential(inOrder(found, chain)), layers, report };
}

const PLACE = "state dict";

const about = ({ name }: Module, text: string): string =>
  `${name || "(unnamed)"}: ${text}`;

/** What the options say of each layer. */
function choicesFor(
  modules: readonly Module[],
  { layers = {}, nonlinearity, backend }: ModelOptions,
): (name: string) => LayerChoice & Pick<ModelOptions, "backend"> {
  const known = modules.map(({ name }) => name);
  for (const [name, choice] of Object.entries(record(layers, "layers"))) {
    const place = `layers[${JSON.stringify(name)}]`;
    if (!isRecord(choice)) throw wrong(false, place, "an object", choice);
    if (!known.includes(name)) throw notOneOf(place, known);
  }
  return (name) => ({
    ...(nonlinearity && { nonlinearity }),
    ...(Object.hasOwn(layers, name) && layers[name]),
    ...(backend && { backend }),
  });
}

/** Those that `chain` names, or all. */
function inOrder(
  found: readonly Found[],
  chain: readonly string[] | undefined,
): Layer[] {
  if (chain === undefined) return found.map(({ layer }) => layer);
  if (!Array.isArray(chain))
    throw wrong(false, "chain", "an array of layers' names", chain);
  return chain.map((name: unknown, index) => {
    const named = found.find((layer) => layer.name === name);
    if (named) return named.layer;
    throw notOneOf(
      `chain[${index}]`,
      found.map((layer) => layer.name),
      name,
    );
  });
}

function notOneOf(
  place: string,
  names: readonly string[],
  got: unknown = "another",
): RangeError {
  const some = names.slice(0, 10).map((name) => JSON.stringify(name));
  return new RangeError(
    message(place, `one of the layers ${some.join(", ")}`, String(got)),
  );
}
