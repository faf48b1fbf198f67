/*
 * Weights by their names, which begin with the layer's.
 *
 *     lstm/kernel                                 TensorFlow.js; TensorFlow before 2.2
 *     lstm/lstm_cell/kernel                       TensorFlow since 2.2
 *     bidirectional/forward_lstm/lstm_cell/kernel
 *     rnn/RNNCell_0/kernel                        TensorFlow.js, of several cells
 *     lstm/0                                      Keras 3: the weight's place
 */
import { FormatError } from "../../errors.js";
import type {
  LayerWeights,
  Part,
  Role,
  WeightSource,
} from "../keras-layers/weights.js";
import type { Entry } from "./manifest.js";

export interface NamedWeights extends WeightSource {
  /** Those that no layer has taken. */
  rest(): readonly Entry[];
}

export function namedWeights(entries: readonly Entry[]): NamedWeights {
  const byLayer = new Map<string, Entry[]>();
  for (const entry of entries) {
    const layer = entry.name.split("/", 1)[0] as string;
    const known = byLayer.get(layer);
    if (known) known.push(entry);
    else byLayer.set(layer, [entry]);
  }
  const taken = new Set<Entry>();
  return {
    of: ({ name, className }) =>
      weightsOf(
        byLayer.get(name) ?? [],
        `layer ${JSON.stringify(name.slice(0, 100))} (${className})`,
        taken,
      ),
    rest: () => entries.filter((entry) => !taken.has(entry)),
  };
}

function weightsOf(
  entries: readonly Entry[],
  place: string,
  taken: Set<Entry>,
): LayerWeights {
  const parts = new Map<string, Entry[]>();
  for (const entry of entries) {
    const inner = entry.name.split("/").slice(1, -1).join("/");
    const known = parts.get(inner);
    if (known) known.push(entry);
    else parts.set(inner, [entry]);
  }
  return {
    take(part, role, ordinal) {
      const entry = partOf(parts, part).find(({ name }) =>
        fits(name, role, ordinal),
      );
      if (!entry)
        throw new FormatError(`expected its ${role} in weightsManifest`, place);
      taken.add(entry);
      return {
        ...entry.read(),
        place: `weight ${JSON.stringify(entry.name.slice(0, 200))}`,
      };
    },
    finish() {
      const left = entries.find((entry) => !taken.has(entry));
      if (left)
        throw new FormatError(
          `expected no weight ${JSON.stringify(left.name.slice(0, 200))}`,
          place,
        );
    },
  };
}

/** Directions are told by their names, cells by their order. */
function partOf(
  parts: ReadonlyMap<string, readonly Entry[]>,
  { path, index }: Part,
): readonly Entry[] {
  const direction = /^(forward|backward)_layer$/.exec(path[0] ?? "")?.[1];
  for (const [inner, entries] of parts)
    if (direction && inner.startsWith(direction)) return entries;
  return [...parts.values()][index] ?? [];
}

function fits(name: string, role: Role, ordinal: number): boolean {
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last === role || last === `${ordinal}`;
}
