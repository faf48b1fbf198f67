/*
 * Where a stream stands, as bytes.
 */
import { FormatError, type Sequential, type States } from "../../index.js";
import { parse, serialize, type StateDict } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";

type Stream = ReturnType<Sequential["stream"]>;

/** Layer and part by name: `0.hidden`. */
export function packState(state: States): Uint8Array {
  const tensors = state.flatMap((layer, index) =>
    Object.entries(layer ?? {}).map(([part, tensor]): [string, Tensor] => [
      `${index}.${part}`,
      tensor as Tensor,
    ]),
  );
  return serialize(Object.fromEntries(tensors) as StateDict);
}

/**
 * Sets the stream to where it stood.
 *
 * @throws FormatError, TypeError, RangeError for the state of another model
 */
export function unpackState(bytes: Uint8Array, stream: Stream): void {
  const { tensors } = parse(bytes);
  const state: Record<string, Tensor>[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const [, index, part] = /^(\d+)\.(\w+)$/.exec(name) ?? [];
    if (index === undefined || part === undefined)
      throw new FormatError(`${name}: expected a part of a layer's state`);
    (state[Number(index)] ??= {})[part] = tensor;
  }
  stream.state = Array.from(
    stream.state,
    (_, index) => state[index] ?? null,
  ) as States;
}
