/*
 * The state of a stream as bytes.
 */
import { FormatError, type States } from "../../index.js";
import type { ModelState } from "../../models/model.js";
import { parse, serialize, type StateDict } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";

/** The state of a chain of layers, by layer and part, `0.hidden`; or of a graph, by its state inputs. */
export function packState(state: ModelState): Uint8Array {
  if (!Array.isArray(state)) return serialize(state as StateDict);
  const tensors = (state as States).flatMap((layer, index) =>
    Object.entries(layer ?? {}).map(([part, tensor]): [string, Tensor] => [
      `${index}.${part}`,
      tensor as Tensor,
    ]),
  );
  return serialize(Object.fromEntries(tensors) as StateDict);
}

/**
 * The inverse of `packState`.
 *
 * @param like a state of the same model
 * @throws FormatError for one of another kind of model
 */
export function unpackState(bytes: Uint8Array, like: ModelState): ModelState {
  const { tensors } = parse(bytes);
  if (!Array.isArray(like)) return tensors;
  const state: Record<string, Tensor>[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const [, index, part] = /^(\d+)\.(\w+)$/.exec(name) ?? [];
    if (index === undefined || part === undefined)
      throw new FormatError(`${name}: expected a part of a layer's state`);
    (state[Number(index)] ??= {})[part] = tensor;
  }
  return Array.from(
    like as States,
    (_, index) => state[index] ?? null,
  ) as States;
}
