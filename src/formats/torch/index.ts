/** Files of PyTorch's torch.save and torch.jit.save. Nothing in a file is ever run. @module */

import { toBytes } from "../../bytes.js";
import { boolean, record, shapeText, wrong } from "../../checks.js";
import type { Tensor } from "../../tensor.js";
import { budgetFor } from "../budget.js";
import { Changes } from "../changes.js";
import type { ParsedTensors } from "../parsed.js";
import type { NamedModule } from "../named-module.js";
import {
  buildModel,
  type LoadedLayers,
  MODEL_OPTIONS,
  type ModelOptions,
} from "../state-dict.js";
import { findStateDict, type FoundStateDict } from "./find-state-dict.js";
import { readFile } from "./file.js";
import { quote } from "./pickle/values.js";
import { isContiguous, readTensor } from "./tensors.js";

export { FormatError } from "../../errors.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export type { LayerChoice, LoadedLayers, ModelOptions } from "../state-dict.js";

/** Options for reading a PyTorch file. */
export interface TorchOptions {
  /** The path of the state dict in a checkpoint: "model_state_dict"; by default one of the names that trainers use. */
  stateDict?: string;
  /** The limit in bytes for tensors and inflated entries; 16 times the file's size and at least 64 MiB by default. */
  maxBytes?: number;
  /** false reads entries with wrong checksums, such as those of torch.serialization.set_crc32_options(False). */
  checksums?: boolean;
}

const TORCH_OPTIONS: Readonly<Record<keyof TorchOptions, true>> = {
  stateDict: true,
  maxBytes: true,
  checksums: true,
};

/** The result of `parse`. */
export interface TorchTensors extends ParsedTensors {
  /** How numbers were changed, one line per kind of change. */
  converted: string[];
  /** The path of the state dict in the file: "model_state_dict"; "" if it is the whole file. */
  stateDict: string;
  /** The format's version, as the file states it. */
  version: string;
  /** The names of all modules, including those without parameters; null if the state dict does not list them. */
  modules: readonly string[] | null;
}

/**
 * The float tensors of a .pt or .pth file as float32: float16 and bfloat16 are widened, float64 is rounded. Their names
 * are those of the state dict; names of nested dicts are joined by dots.
 *
 * Other Python objects, such as NumPy's, become placeholders: they are neither looked up nor called, and are counted in
 * `ignored`. A module that was saved as a whole, or as TorchScript, gives its parameters and buffers.
 *
 * @throws TypeError, RangeError for the arguments; FormatError, naming the place, if the file is damaged or names
 *   something that runs programs
 */
export function parse(
  bytes: Uint8Array | ArrayBuffer,
  options: TorchOptions = {},
): TorchTensors {
  record(options, "options", TORCH_OPTIONS);
  const { modules, whole: _, ...read } = readTensors(bytes, options);
  return { ...read, modules: modules?.map(({ name }) => name) ?? null };
}

/** The result of `parse`, with all that is known of the modules. */
type Read = Omit<TorchTensors, "modules"> & {
  readonly modules: readonly NamedModule[] | null;
  readonly whole: FoundStateDict["whole"];
};

function readTensors(
  bytes: Uint8Array | ArrayBuffer,
  options: TorchOptions,
): Read {
  const file = toBytes(bytes);
  const { stateDict, budget, checksums } = checkOptions(options, file.length);
  const {
    root,
    version,
    ignored: left,
  } = readFile(file, { budget, checksums });
  const found = findStateDict(root, stateDict);
  const tensors: [string, Tensor][] = [];
  const ignored = [...found.ignored, ...left];
  const converted = new Changes();
  for (const [name, saved] of found.tensors) {
    const data = readTensor(saved, budget, `tensor ${JSON.stringify(name)}`);
    const shape = [...saved.shape];
    if (!data) {
      ignored.push(`${name}: ${saved.dtype.name} ${shapeText(shape)}`);
      continue;
    }
    tensors.push([name, { shape, data }]);
    const dtype = saved.dtype.name;
    if (dtype !== "float32") converted.note(`${dtype} to float32`, name);
    if (!isContiguous(saved)) converted.note("strided to row by row", name);
  }
  return {
    // fromEntries defines own properties, so a tensor may be called __proto__
    tensors: Object.fromEntries(tensors),
    metadata: {},
    ignored,
    converted: converted.lines(),
    stateDict: found.path,
    version,
    modules: found.modules,
    whole: found.whole,
  };
}

/**
 * Reads a .pt or .pth file as layers and a model.
 *
 * @throws as `parse`; FormatError if there are no layers, or if they do not form a model: the error then has them and the
 *   report
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: TorchOptions & ModelOptions = {},
): LoadedLayers {
  record(options, "options", { ...TORCH_OPTIONS, ...MODEL_OPTIONS });
  const {
    stateDict,
    converted,
    whole,
    metadata: _,
    ...read
  } = readTensors(bytes, options);
  const name = whole && quote(whole.name);
  const file = {
    ...read,
    format: "torch",
    producer: "PyTorch",
    converted: [
      ...(stateDict ? [`read from ${stateDict}`] : []),
      ...(whole?.scripted ? [`read from the attributes of ${name}`] : []),
      ...converted,
    ],
    problem:
      whole && !whole.scripted
        ? `${name}, a module saved as a whole, whose forward is Python code and not in the file (torch.save(model.state_dict(), "model.pt") saves only its weights)`
        : null,
  };
  return buildModel(file, options);
}

function checkOptions(
  { stateDict, maxBytes, checksums }: TorchOptions,
  fileSize: number,
) {
  if (stateDict !== undefined && typeof stateDict !== "string")
    throw wrong(false, "stateDict", "a string", stateDict);
  return {
    stateDict,
    budget: budgetFor(maxBytes, fileSize),
    checksums: boolean(checksums ?? true, "checksums"),
  };
}
