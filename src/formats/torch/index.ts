/** PyTorch's files: what torch.save and torch.jit.save write; nothing in a file is ever run. @module */

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
import { type Contents, findStateDict } from "./find-state-dict.js";
import { readFile } from "./file.js";
import { quote } from "./pickle/values.js";
import { isContiguous, readTensor } from "./tensors.js";

export { FormatError } from "../../errors.js";
export type { Report, ReportLayer } from "../report.js";
export { reportText } from "../report.js";
export type { LayerChoice, LoadedLayers, ModelOptions } from "../state-dict.js";

/** Where in the file the weights are, and limits. */
export interface TorchOptions {
  /** Where the state dict is in a checkpoint: "model_state_dict"; by default where trainers usually put it. */
  stateDict?: string;
  /** The most bytes that tensors and inflated entries may take; 16 times the file and at least 64 MiB by default. */
  maxBytes?: number;
  /** false: read entries whose checksum is wrong (torch.serialization.set_crc32_options(False) writes none). */
  checksums?: boolean;
}

const TORCH_OPTIONS: Readonly<Record<keyof TorchOptions, true>> = {
  stateDict: true,
  maxBytes: true,
  checksums: true,
};

/** What `parse` finds. */
export interface TorchTensors extends ParsedTensors {
  /** How numbers were changed, a line each. */
  converted: string[];
  /** Where the state dict was in the file: "model_state_dict"; "" when it is all of it. */
  stateDict: string;
  /** The format's, as the file states it. */
  version: string;
  /** Names of all modules, those without parameters too, where the state dict lists them. */
  modules: readonly string[] | null;
}

/**
 * The float tensors of a .pt or .pth file as F32; F16, BF16 and F64 widened or rounded. Their names are those of the
 * state dict, joined by dots where dicts are nested.
 *
 * Objects of Python beside them, of NumPy's for one, are placeholders: neither looked up nor called, and counted under
 * `ignored`. A module that was saved whole, or as TorchScript, gives its parameters and buffers.
 *
 * @throws FormatError, which names the place: the file is damaged, or asks for what runs programs: then by its name
 */
export function parse(
  bytes: Uint8Array | ArrayBuffer,
  options: TorchOptions = {},
): TorchTensors {
  record(options, "options", TORCH_OPTIONS);
  const { modules, whole: _, ...read } = readTensors(bytes, options);
  return { ...read, modules: modules?.map(({ name }) => name) ?? null };
}

/** What `parse` finds, the modules with all that is known of them. */
type Read = Omit<TorchTensors, "modules"> & {
  readonly modules: readonly NamedModule[] | null;
  readonly whole: Contents["whole"];
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
 * The layers of a .pt or .pth file, and the model that they make.
 *
 * @throws FormatError as `parse`, and when there are no layers, or layers that make no model: then they are on the error
 *   with the report
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
      ...(stateDict ? [`taken from ${stateDict}`] : []),
      ...(whole?.scripted ? [`taken from the attributes of ${name}`] : []),
      ...converted,
    ],
    problem:
      whole && !whole.scripted
        ? `${name}, a module saved whole, whose forward is Python code and not in the file (torch.save(model.state_dict(), "model.pt") saves its weights alone)`
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
