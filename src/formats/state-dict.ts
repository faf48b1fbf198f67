/*
 * Layers, and if possible a model, from a PyTorch state dict of whatever file.
 *
 * A state dict shows each layer and its sizes, but not how they are connected: activations, sums, which step of a
 * sequence is used. A model is made as options.chain says, or if names and sizes show a single chain.
 */
import { isRecord, record, wrong } from "../checks.js";
import { FormatError } from "../errors.js";
import { type Layer, Sequential } from "../index.js";
import type { BackendChoice } from "../layers/options.js";
import type { StateDict } from "../safetensors.js";
import {
  type ChainEntry,
  moduleNamed,
  notOneOf,
  type Parts,
  readChain,
} from "./chain-entries.js";
import { assumptionsOf, type Refused, whyNoChain } from "./chain-rule.js";
import { joinChain } from "./joined.js";
import {
  aboutFound,
  type Choice,
  type Found,
  type LayerChoice,
  toLayer,
} from "./layer.js";
import { type Module, modulesOf, shortName } from "./modules.js";
import { isLoss, type NamedModule, silentModules } from "./named-module.js";
import { makeReport, refusal, type Report } from "./report.js";
import { proposeChain, waysOut } from "./ways-out.js";

export type { ChainEntry, Conv1dEntry } from "./chain-entries.js";
export type { LayerChoice } from "./layer.js";

/** What a state dict does not say itself. */
export interface ModelOptions {
  /** Reads only the modules whose names begin with this: "encoder.". */
  prefix?: string;
  /** What `forward` does, in order: the names of modules and of the functions between them: ["lstm", "relu", "fc"]. */
  chain?: readonly ChainEntry[];
  /** Options of layers by name: { rnn: { nonlinearity: "relu" }, fc1: { activation: "relu" } }. */
  layers?: Record<string, LayerChoice>;
  /** The nonlinearity of all RNN layers; tanh by default. */
  nonlinearity?: "tanh" | "relu";
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

/** The result of `load` for state dicts. */
export interface LoadedLayers {
  readonly model: Sequential;
  /** All layers by name, in the file's order. */
  readonly layers: Record<string, Layer>;
  readonly report: Report;
}

/** The keys of ModelOptions, for checks. */
export const MODEL_OPTIONS: Readonly<Record<keyof ModelOptions, true>> = {
  prefix: true,
  chain: true,
  layers: true,
  nonlinearity: true,
  backend: true,
};

/** A state dict, and what the report says besides the layers. */
export interface SavedDict extends Omit<
  Report,
  "layers" | "assumptions" | "warnings"
> {
  readonly tensors: StateDict;
  /** All modules, including those without parameters; null if the file does not list them. */
  readonly modules: readonly NamedModule[] | null;
  /** Why no model can be made without options.chain, if the file shows that. */
  readonly problem?: string | null;
}

/**
 * @throws TypeError, RangeError for options that do not fit the dict; FormatError if it has no layers, or if they make
 *   no model (the error then has the report and the layers)
 */
export function buildModel(
  { tensors, modules: named, problem: own = null, ...file }: SavedDict,
  options: ModelOptions,
): LoadedLayers {
  const { prefix = "", chain } = options;
  if (typeof prefix !== "string")
    throw wrong(false, "prefix", "a string", prefix);
  const all = modulesOf(tensors, prefix, named);
  const modules = all.filter(({ name }) => !isLoss(name));
  const losses = all.filter(({ name }) => isLoss(name));
  const parts = { modules, named, choices: choicesFor(modules, options) };
  const joined = chain && joinChain(readChain(chain, parts));
  const { found, refused } = findLayers(parts, joined?.found);
  if (!found.length) {
    const got = refused.length
      ? refused.map(({ name, reason }) => `${shortName(name)}: ${reason}`)
      : ["no tensors"];
    throw new FormatError(
      `expected weights of RNN, LSTM, GRU, Linear or Embedding, got ${got.slice(0, 3).join("; ")}`,
      PLACE,
    );
  }
  const { silent, idle } = silentModules(modules, named, prefix);
  const problem = joined ? null : (own ?? whyNoChain(found, refused, silent));
  const assumed = assumptionsOf(found, idle);
  const inChain = ({ name }: { name: string }) =>
    !joined || joined.found.has(name) || joined.folded.has(name);
  const report = makeReport({
    ...file,
    layers: found.map(({ described }) => described),
    converted: [
      ...file.converted,
      ...(joined?.converted ?? []),
      ...found.flatMap(({ note }) => (note ? [note] : [])),
    ],
    ignored: [
      ...file.ignored,
      ...losses.map(
        ({ name }) => `${shortName(name)}: a loss, not part of forward`,
      ),
      ...refused
        .filter((each) => !joined?.folded.has(each.name))
        .map(({ name, reason }) => `${shortName(name)}: ${reason}`),
      ...found
        .filter((each) => !inChain(each))
        .map((each) => `${aboutFound(each)}: not in options.chain`),
    ],
    assumptions: joined || problem !== null ? [] : assumed.assumptions,
    warnings: [
      ...found
        .filter(inChain)
        .flatMap(({ warning }) => (warning ? [warning] : [])),
      ...(joined ? leftOut(refused.filter((each) => !inChain(each))) : []),
      ...(joined || problem !== null ? [] : [assumed.warning]),
      ...(problem === null ? [] : [`no model was made: ${problem}`]),
    ],
  });
  // fromEntries defines own properties, so a layer may be called __proto__
  const layers = Object.fromEntries(
    found.map(({ name, layer }) => [name, layer]),
  );
  if (problem !== null) {
    const weighted = modules.filter(hasWeights);
    const proposal = proposeChain(weighted, named, silent, found);
    throw refusal(
      `expected layers that form one chain by their names and sizes, got ${problem}. ${waysOut(weighted, found, proposal)}`,
      PLACE,
      { report, layers },
    );
  }
  const chained = joined ? joined.layers : found.map(({ layer }) => layer);
  return { model: new Sequential(chained), layers, report };
}

const PLACE = "state dict";

/** The modules as layers, those of options.chain as it made them; and those that are not layers, with the reason. */
function findLayers(
  { modules, choices }: Parts,
  joined: ReadonlyMap<string, Found> | undefined,
): { found: Found[]; refused: Refused[] } {
  const found: Found[] = [];
  const refused: Refused[] = [];
  modules.forEach((module, index) => {
    const { name } = module;
    const next = modules[index + 1];
    const layer =
      joined?.get(name) ?? toLayer(module, next, found.at(-1), choices(name));
    if (typeof layer === "string")
      refused.push({ name, reason: layer, weights: hasWeights(module) });
    else found.push(layer);
  });
  return { found, refused };
}

const hasWeights = ({ parameters }: Module): boolean =>
  [...parameters.keys()].some((name) => name.startsWith("weight"));

/** Warnings about modules with weights that options.chain does not name and that are not layers. */
function leftOut(refused: readonly Refused[]): string[] {
  return refused
    .filter(({ weights }) => weights)
    .map(
      ({ name, reason }) =>
        `options.chain leaves out ${shortName(name)}: ${reason}`,
    );
}

/** What the options say about each module. */
function choicesFor(
  modules: readonly Module[],
  { layers = {}, nonlinearity, backend }: ModelOptions,
): (name: string) => Choice {
  const given = new Map<string, LayerChoice>();
  for (const [name, choice] of Object.entries(record(layers, "layers"))) {
    const place = `layers[${JSON.stringify(shortName(name))}]`;
    if (!isRecord(choice)) throw wrong(false, place, "an object", choice);
    const module = moduleNamed(name, modules);
    if (!module) throw notOneOf("layers", modules, name);
    given.set(module.name, choice);
  }
  return (name) => ({
    ...(nonlinearity && { nonlinearity }),
    ...given.get(name),
    ...(backend && { backend }),
  });
}
