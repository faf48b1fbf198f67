/*
 * The modules of a PyTorch state dict: "encoder.lstm.weight_ih_l0" belongs to "encoder.lstm". The names and shapes of a
 * module's parameters show what it is.
 */
import { equalShapes, shapeText } from "../checks.js";
import {
  parametersOf,
  RECURRENT_KINDS,
  type RecurrentType,
} from "../layers/cells.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";

/** A module that a file names, with or without weights. */
export interface NamedModule {
  /** "encoder.relu"; "" for the whole model. */
  readonly name: string;
  /** Its class without the package, "ReLU"; null if the file does not say. */
  readonly type: string | null;
  /** The numbers, strings and booleans that it was made with: batch_first, eps. */
  readonly settings: ReadonlyMap<string, unknown>;
}

/** A module and its own parameters, without those of modules inside it. */
export interface Module {
  /** "encoder.lstm"; "" if the parameters have no prefix. */
  readonly name: string;
  /** Its class, if the file says. */
  readonly type: string | null;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** What it was made with, if the file says: batch_first, eps. */
  readonly settings: ReadonlyMap<string, unknown>;
}

export type { RecurrentType };

export type Recognised =
  | { readonly type: RecurrentType; readonly sizes: RecurrentSizes }
  | { readonly type: "Linear"; readonly sizes: LinearSizes }
  /** Or another normalisation of features with only a weight and a bias. */
  | {
      readonly type: "LayerNorm";
      readonly size: number;
      readonly bias: boolean;
    }
  | { readonly type: "BatchNorm1d"; readonly size: number }
  /** `inputSize` is that of a group. */
  | {
      readonly type: "Conv1d";
      readonly inputSize: number;
      readonly outputSize: number;
      readonly kernelSize: number;
    }
  /** A single matrix: an Embedding, or a Linear without bias. */
  | { readonly type: "matrix"; readonly rows: number; readonly columns: number }
  | { readonly type: null; readonly reason: string };

export type RecurrentSizes = {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly directions: number;
  readonly projSize?: number;
};

export type LinearSizes = {
  readonly inputSize: number;
  readonly outputSize: number;
};

const NO_SETTINGS: Module["settings"] = new Map();

/** The modules under `prefix`, in the order of the dict. */
export function modulesOf(
  tensors: StateDict,
  prefix: string,
  named: readonly NamedModule[] | null = null,
): Module[] {
  const modules = new Map<string, Map<string, Tensor>>();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!name.startsWith(prefix)) continue;
    const dot = name.lastIndexOf(".");
    const module = name.slice(0, Math.max(dot, 0));
    const parameters = modules.get(module) ?? new Map<string, Tensor>();
    modules.set(module, parameters.set(name.slice(dot + 1), tensor));
  }
  const known = new Map(named?.map((each) => [each.name, each]));
  return Array.from(modules, ([name, parameters]) => ({
    name,
    type: known.get(name)?.type ?? null,
    parameters,
    settings: known.get(name)?.settings ?? NO_SETTINGS,
  }));
}

/** Names of parameters that PyTorch keeps in place of plain weights, and the call that makes them plain again. */
const REMOVED_BY: readonly [names: RegExp, call: string][] = [
  [/(^|\.)parametrizations\./, "parametrize.remove_parametrizations"],
  [/\.weight\w*_g$/, "remove_weight_norm"],
  [/\.weight\w*_u$/, "remove_spectral_norm"],
  [/\.(weight|bias)\w*_mask$/, "prune.remove"],
];

/** What a module is, or why it is none of our layers. */
export function recognise(module: Module): Recognised {
  const found = recognisePlain(module);
  if (found.type) return found;
  const { name, parameters } = module;
  const names = [...parameters.keys()].map((own) => `${name}.${own}`);
  const removed = REMOVED_BY.find(([pattern]) =>
    names.some((each) => pattern.test(each)),
  );
  if (!removed) return found;
  const reason = `no known layer has ${list(parameters)}; torch.nn.utils.${removed[1]} makes them plain weights before saving`;
  return { type: null, reason };
}

function recognisePlain({ parameters }: Module): Recognised {
  if (parameters.has("weight_ih_l0") || parameters.has("weight_ih"))
    return recogniseRecurrent(parameters);
  const weight = parameters.get("weight")?.shape;
  const bias = parameters.get("bias")?.shape;
  const unknown = {
    type: null,
    reason: `no known layer has ${list(parameters)}`,
  } as const;
  const size = batchNormSize(parameters);
  if (size !== null) return { type: "BatchNorm1d", size };
  const rest = parameters.size - (weight ? 1 : 0) - (bias ? 1 : 0);
  if (!weight?.length || weight.includes(0) || rest) return unknown;
  const [rows, columns = 0, kernelSize = 0] = weight as [number, ...number[]];
  if (bias && !equalShapes(bias, [rows])) return unknown;
  switch (weight.length) {
    case 1:
      return bias ? { type: "LayerNorm", size: rows, bias: true } : unknown;
    case 2:
      if (!bias) return { type: "matrix", rows, columns };
      return {
        type: "Linear",
        sizes: { inputSize: columns, outputSize: rows },
      };
    case 3:
      return {
        type: "Conv1d",
        inputSize: columns,
        outputSize: rows,
        kernelSize,
      };
    default:
      return unknown;
  }
}

/** The number of features of a BatchNorm, with or without weight and bias; null if it is not one. */
function batchNormSize(parameters: Module["parameters"]): number | null {
  const mean = parameters.get("running_mean")?.shape;
  if (mean?.length !== 1 || !parameters.has("running_var")) return null;
  const allowed = ["running_mean", "running_var", "weight", "bias"];
  for (const [name, { shape }] of parameters)
    if (!allowed.includes(name) || !equalShapes(shape, mean)) return null;
  return parameters.has("weight") === parameters.has("bias")
    ? (mean[0] as number)
    : null;
}

/** All names and shapes must be those of one kind, which also ensures that the sizes fit in the file. */
function recogniseRecurrent(given: ReadonlyMap<string, Tensor>): Recognised {
  const parameters = new Map(
    Array.from(given, ([name, { shape }]) => [
      // the names of an LSTMCell become those of layer 0
      /^(weight|bias)_(ih|hh)$/.test(name) ? `${name}_l0` : name,
      shape,
    ]),
  );
  const refuse = (reason: string) => ({ type: null, reason }) as const;
  const [gateRows = 0, inputSize = 0] = parameters.get("weight_ih_l0") ?? [];
  const [rows = 0, outputSize = 0] = parameters.get("weight_hh_l0") ?? [];
  const projection = parameters.get("weight_hr_l0");
  const hiddenSize = projection?.[1] ?? outputSize;
  const gates = gateRows / hiddenSize;
  const kind = Object.values(RECURRENT_KINDS).find(
    (each) => each.gates.length === gates,
  );
  if (!inputSize || !kind || (projection && !kind.optional.weight_hr))
    return refuse(
      `weight_ih [${gateRows}, ${inputSize}] and weight_hh [${rows}, ${outputSize}] do not match 1, 3 or 4 gates`,
    );
  let numLayers = 1;
  while (parameters.has(`weight_ih_l${numLayers}`)) numLayers++;
  const directions = parameters.has("weight_ih_l0_reverse") ? 2 : 1;
  const { type } = kind;
  const choice = {
    bias: parameters.has("bias_ih_l0"),
    projection: projection !== undefined,
    peepholes: parameters.has("weight_peephole_l0"),
    learnedState: parameters.has("hidden0_l0"),
  };
  let expectedCount = 0;
  for (let layer = 0; layer < numLayers; layer++) {
    for (const suffix of ["", "_reverse"].slice(0, directions)) {
      const inputs = layer ? directions * outputSize : inputSize;
      const expected = parametersOf(
        kind,
        { inputSize: inputs, hiddenSize, outputSize },
        choice,
      );
      expectedCount += expected.length;
      for (const [parameter, shape] of expected) {
        const name = `${parameter}_l${layer}${suffix}`;
        const found = parameters.get(name);
        if (!found || !equalShapes(found, shape)) {
          const got = found ? shapeText(found) : "nothing";
          return refuse(
            `${name}: expected ${shapeText(shape)} for this ${type}, got ${got}`,
          );
        }
      }
    }
  }
  if (expectedCount !== given.size)
    return refuse(
      `expected only the parameters of one ${type}, got ${list(given)}`,
    );
  if (projection && outputSize >= hiddenSize)
    return refuse(`projection ${outputSize} is not less than ${hiddenSize}`);
  const sizes = { inputSize, hiddenSize, numLayers, directions };
  if (projection) return { type, sizes: { ...sizes, projSize: outputSize } };
  return { type, sizes };
}

/** Some names with their shapes, for messages. */
export function list(parameters: ReadonlyMap<string, Tensor>): string {
  const all = Array.from(
    parameters,
    ([name, { shape }]) => `${name} ${shapeText(shape)}`,
  );
  return all.length > 6 ? `${all.slice(0, 6).join(", ")}, …` : all.join(", ");
}

/** A name in messages. */
export const shortName = (name: string): string =>
  name.length > 60 ? `${name.slice(0, 60)}…` : name || "(unnamed)";
