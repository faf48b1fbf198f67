import { shapeText } from "../checks.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";

/** The result of every format's `parse`: the arrays of a file, whatever its model. */
export interface ParsedTensors {
  /** Arrays of floats by their names in the file, as float32. */
  readonly tensors: StateDict;
  /** Strings stored with them, by name: keras_version, producer. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Arrays of other types, one line each. */
  readonly ignored: readonly string[];
}

/** Separates a file's arrays into floats and others. */
export function collectTensors(
  entries: Iterable<{
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    /** null if it does not hold floats. */
    readonly read: () => Tensor | null;
  }>,
): Pick<ParsedTensors, "tensors" | "ignored"> {
  const tensors: [string, Tensor][] = [];
  const ignored: string[] = [];
  for (const { name, dtype, shape, read } of entries) {
    const tensor = read();
    if (tensor) tensors.push([name, tensor]);
    else ignored.push(`${name}: ${dtype} ${shapeText(shape)}`);
  }
  // fromEntries defines own properties, so a tensor may be called __proto__
  return { tensors: Object.fromEntries(tensors), ignored };
}
