/*
 * The weights of a file as they are, by their paths: for files with unsupported models, and for users who build the model
 * themselves.
 */
import { FormatError } from "../../errors.js";
import type { StateDict } from "../../safetensors.js";
import { Hdf5File } from "../hdf5/file.js";
import type { ParsedTensors } from "../parsed.js";

const TEXTS = ["keras_version", "backend", "model_config", "training_config"];

/** The limit for nested groups; Keras has about ten. */
const MAX_DEPTH = 32;

export function parseHdf5(file: Hdf5File): ParsedTensors {
  const entries: [string, StateDict[string]][] = [];
  const ignored: string[] = [];
  const walk = (path: string, depth: number): void => {
    if (depth > MAX_DEPTH)
      throw new FormatError(
        `expected at most ${MAX_DEPTH} nested groups, got more`,
        file.at(path),
      );
    for (const name of file.names(path || "/") ?? []) {
      const at = `${path}/${name}`;
      if (file.names(at) !== null) walk(at, depth + 1);
      else readOne(at);
    }
  };
  const readOne = (path: string): void => {
    if (!file.isFloats(path)) {
      ignored.push(`${path.slice(1)}: not an array of floats`);
      return;
    }
    const found = file.dataset(path);
    if (found) entries.push([path.slice(1), found]);
  };
  walk("", 0);
  const metadata = TEXTS.flatMap((name) => {
    const text = file.text("/", name);
    return text === null ? [] : [[name, text] as const];
  });
  return {
    // fromEntries defines own properties, so a tensor may be called __proto__
    tensors: Object.fromEntries(entries),
    metadata: Object.fromEntries(metadata),
    ignored,
  };
}
