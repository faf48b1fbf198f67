/*
 * Which inputs of a graph are states: outputs of the run before, as the file says or else their names.
 */
import type { InputDescription, PortDescription } from "./description.js";

/** What an output adds to the name of the input that it is fed back to. */
const SUFFIXES = [
  "n",
  "_n",
  "out",
  "_out",
  "_output",
  "_new",
  "_next",
  "_final",
];

/** What stands in an input's name, and what in its output's. */
const WORDS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/_in$|_in(?=_)/, ["_out"]],
  [/^in_/, ["out_", "next_", "new_"]],
  [/input(?=_)|(?<=_)input/, ["output"]],
  [/0$/, ["n", "_n", "_out", "_new", "_next"]],
  [/_0$/, ["_n", "_out", "_1"]],
  [/^prev(ious)?_/, ["next_", "new_", "", "cur_", "current_"]],
  [/_prev$/, ["_next", "_new", ""]],
  [/^/, ["next_", "new_", "out_", "updated_"]],
  [/^past_key_values/, ["present"]],
  [/^past_/, ["present_"]],
  [/(?<=[hc])x$/, ["y"]],
];

/** State inputs by name → the outputs that are fed back into them. */
export function pairs(
  inputs: readonly InputDescription[],
  outputs: readonly PortDescription[],
): Map<string, string> {
  const stated = inputs.flatMap(({ name, state }) =>
    state === undefined ? [] : [[name, state] as const],
  );
  if (stated.length) return new Map(stated);
  const found = new Map<string, string>();
  const free = new Map(
    outputs.map((port) => [port.name.toLowerCase(), port] as const),
  );
  for (const input of inputs) {
    const name = namesAfter(input.name.toLowerCase()).find((candidate) => {
      const output = free.get(candidate);
      return output && suits(input, output);
    });
    if (name === undefined) continue;
    found.set(input.name, (free.get(name) as PortDescription).name);
    free.delete(name);
  }
  // what is left over must be an input and an output
  if (found.size < inputs.length && free.size) return found;
  return new Map();
}

function namesAfter(name: string): string[] {
  const words = WORDS.flatMap(([pattern, others]) =>
    pattern.test(name)
      ? others.map((other) => name.replace(pattern, other))
      : [],
  );
  return [...SUFFIXES.map((suffix) => name + suffix), ...words];
}

/** Whether sizes that are known on both sides agree; a state has a shape, and is no single number. */
function suits(input: PortDescription, output: PortDescription): boolean {
  const [from, to] = [output.shape, input.shape];
  if (!to) return true;
  if (to.length < 2) return false;
  if (output.type !== "unknown" && output.type !== input.type) return false;
  if (!from) return true;
  return (
    from.length === to.length &&
    to.every((size, axis) => {
      const own = from[axis];
      return (
        typeof size === "string" || typeof own === "string" || own === size
      );
    })
  );
}
