/*
 * Reads options.chain, as users write it, into steps.
 */
import {
  isRecord,
  message,
  positiveInteger,
  record,
  wrong,
} from "../checks.js";
import { checkActivation } from "../layers/activations.js";
import {
  activationByName,
  activationOf,
  ACTIVATIONS,
  type NamedActivation,
} from "./activation-names.js";
import type { Choice } from "./layer.js";
import { type Module, shortName } from "./modules.js";
import { type NamedModule, silentModules, silentText } from "./named-module.js";

/** A step of `forward`: the name of a module or an activation, "last" (only the last step), or one of these objects. */
export type ChainEntry =
  | string
  | {
      /** If a module has the activation's name too, or for one with parameters: { name: "elu", alpha: 0.5 }. */
      readonly activation: string | NamedActivation;
    }
  | {
      /** How many times to repeat the output of the last step. */
      readonly repeat: number;
    }
  | Conv1dEntry;

/** A convolution over time, with the arguments of nn.Conv1d that its weights do not show. */
export interface Conv1dEntry {
  /** The module's name. */
  readonly conv1d: string;
  /** 0 by default, as in nn.Conv1d. */
  readonly padding?: number | "same" | "valid" | "causal";
  /** 1 by default. */
  readonly stride?: number;
  /** 1 by default. */
  readonly dilation?: number;
  /** 1 by default. */
  readonly groups?: number;
  /** None by default. */
  readonly activation?: string | NamedActivation;
}

/** The modules of a state dict, and the options for them. */
export interface Parts {
  readonly modules: readonly Module[];
  /** null if the file does not list them. */
  readonly named: readonly NamedModule[] | null;
  readonly choices: (name: string) => Choice;
}

/** `at` is the place in the options. */
export type Step =
  | { readonly at: string; readonly module: Module; readonly choice: Choice }
  | { readonly at: string; readonly activation: NamedActivation }
  | { readonly at: string; readonly repeat: number }
  | { readonly at: string; readonly last: true };

const CONV = { padding: 0, stride: 0, dilation: 0, groups: 0 };

/** @throws TypeError, RangeError that name the entry */
export function readChain(chain: unknown, parts: Parts): Step[] {
  if (!Array.isArray(chain) || !chain.length)
    throw wrong(
      Array.isArray(chain),
      "chain",
      "an array of names of modules and activations",
      chain,
    );
  return chain.flatMap((entry: unknown, index) =>
    readEntry(entry, `chain[${index}]`, parts),
  );
}

function readEntry(entry: unknown, at: string, parts: Parts): Step[] {
  if (typeof entry === "string") return readName(entry, at, parts);
  // a conv1d may have an activation as well
  const known = ["conv1d", "activation", "repeat"] as const;
  const key = isRecord(entry)
    ? known.find((name) => Object.hasOwn(entry, name))
    : undefined;
  if (key === "activation") {
    const { activation } = record(entry, at, { activation: 0 });
    return [{ at, activation: readActivation(activation, at) }];
  }
  if (key === "repeat") {
    const { repeat } = record(entry, at, { repeat: 0 });
    return [{ at, repeat: positiveInteger(repeat, `${at}.repeat`) }];
  }
  if (key === "conv1d") return readConv1d(entry, at, parts);
  const expected =
    "the name of a module or activation, 'last', { activation }, { repeat } or { conv1d }";
  throw wrong(isRecord(entry), at, expected, entry);
}

function readName(entry: string, at: string, parts: Parts): Step[] {
  const module = moduleNamed(entry, parts.modules);
  if (module) return [{ at, module, choice: parts.choices(module.name) }];
  if (entry === "last") return [{ at, last: true }];
  const { silent, idle } = silentModules(parts.modules, parts.named, "");
  const own = [...silent, ...idle].find(({ name }) => isCalled(name, entry));
  if (own && idle.includes(own)) return [];
  const activation = own ? activationOf(own) : activationByName(entry);
  if (activation) return [{ at, activation }];
  if (own)
    throw new RangeError(
      message(
        at,
        `what ${silentText(own)} computes, which the file does not say, such as { activation: "relu" } or { activation: { name: "leakyRelu", alpha: 0.2 } }; one of ${ACTIVATIONS.join(", ")}`,
        JSON.stringify(shortName(entry)),
      ),
    );
  throw notOneOf(at, parts.modules, entry);
}

function readConv1d(entry: unknown, at: string, parts: Parts): Step[] {
  const known = { conv1d: 0, activation: 0, ...CONV };
  const { conv1d, activation, ...conv } = record(entry, at, known);
  const module = moduleNamed(conv1d, parts.modules);
  if (!module) throw notOneOf(`${at}.conv1d`, parts.modules, conv1d);
  const choice = { ...parts.choices(module.name), ...conv };
  const step = { at, module, choice } as Step;
  if (activation === undefined) return [step];
  const place = `${at}.activation`;
  return [step, { at: place, activation: readActivation(activation, place) }];
}

function readActivation(value: unknown, at: string): NamedActivation {
  if (typeof value !== "string") return checkActivation(value, at, ["softmax"]);
  const found = activationByName(value);
  if (found) return found;
  const expected = `one of ${ACTIVATIONS.join(", ")}`;
  throw new RangeError(message(at, expected, JSON.stringify(value)));
}

/** The module of that name, or the only one whose name ends with it: "module.lstm" for "lstm". */
export function moduleNamed(
  name: unknown,
  modules: readonly Module[],
): Module | undefined {
  const exact = modules.find((module) => module.name === name);
  if (exact || typeof name !== "string") return exact;
  const ending = modules.filter((module) => isCalled(module.name, name));
  return ending.length === 1 ? ending[0] : undefined;
}

const isCalled = (name: string, wanted: string): boolean =>
  name === wanted || (wanted !== "" && name.endsWith(`.${wanted}`));

export function notOneOf(
  place: string,
  modules: readonly Module[],
  got: unknown,
): RangeError {
  const some = modules
    .slice(0, 10)
    .map(({ name }) => JSON.stringify(shortName(name)));
  const text =
    typeof got === "string" ? JSON.stringify(shortName(got)) : String(got);
  return new RangeError(
    message(place, `one of the layers ${some.join(", ")}`, text),
  );
}
