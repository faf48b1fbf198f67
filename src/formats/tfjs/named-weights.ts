/*
 * Weights by their names, which begin with that of the layer.
 *
 *     lstm/kernel                                 TensorFlow.js; TensorFlow before 2.2
 *     lstm/lstm_cell/kernel                       TensorFlow since 2.2
 *     bidirectional/forward_lstm/lstm_cell/kernel
 *     rnn/RNNCell_0/kernel                        TensorFlow.js, one of several cells
 *     lstm/0                                      Keras 3: the weight's index
 *     forward_lstm/lstm_cell/kernel               Keras 3: in a Bidirectional, without the layer's own name
 */
import { isRecord, counted } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { field, type Place } from "../json.js";
import type {
  LayerWeights,
  Part,
  Role,
  WeightSource,
} from "../keras-layers/weights.js";
import type { Entry } from "./manifest.js";

export interface NamedWeights extends WeightSource {
  /** The weights that no layer has taken. */
  rest(): readonly Entry[];
}

export function namedWeights(entries: readonly Entry[]): NamedWeights {
  const taken = new Set<Entry>();
  const all = entries.map((entry) => ({ entry, path: entry.name.split("/") }));
  return {
    ...sourceOf(all, taken),
    rest: () => entries.filter((entry) => !taken.has(entry)),
  };
}

/** A weight, and the rest of its path. */
interface Named {
  readonly entry: Entry;
  readonly path: readonly string[];
}

function sourceOf(all: readonly Named[], taken: Set<Entry>): WeightSource {
  const byLayer = new Map<string, Named[]>();
  for (const named of all) {
    const [layer = ""] = named.path;
    const known = byLayer.get(layer);
    if (known) known.push(named);
    else byLayer.set(layer, [named]);
  }
  /** The weights of a layer, with its name removed from their paths. */
  const namedBy = (layer: string): Named[] =>
    (byLayer.get(layer) ?? []).map(({ entry, path }) => ({
      entry,
      path: path.slice(1),
    }));
  return {
    of: ({ name, className, config }) => {
      const own = namedBy(name);
      const weights = own.length
        ? own
        : wrappedNames(config).flatMap((inner) => byLayer.get(inner) ?? []);
      const place = `layer ${JSON.stringify(name.slice(0, 100))} (${className})`;
      return weightsOf(partsOf(weights), place, taken);
    },
    // the weights of an inner model may or may not begin with its name
    inside: ({ name }) => sourceOf([...namedBy(name), ...all], taken),
  };
}

/** The names of the layers that a layer wraps. */
function wrappedNames(config: Place): string[] {
  return ["layer", "backward_layer"].flatMap((wrapped) => {
    const inner = field(config, wrapped);
    const own = isRecord(inner) ? inner["config"] : null;
    const name = isRecord(own) ? own["name"] : null;
    return typeof name === "string" ? [name] : [];
  });
}

/** Weights grouped by what precedes their own names. */
function partsOf(
  weights: readonly Named[],
): ReadonlyMap<string, readonly Entry[]> {
  const parts = new Map<string, Entry[]>();
  for (const { entry, path } of weights) {
    const inner = path.slice(0, -1).join("/");
    const known = parts.get(inner);
    if (known) known.push(entry);
    else parts.set(inner, [entry]);
  }
  return parts;
}

function weightsOf(
  parts: ReadonlyMap<string, readonly Entry[]>,
  place: string,
  taken: Set<Entry>,
): LayerWeights {
  return {
    take(part, role, ordinal) {
      const entry = partOf(parts, part).find(({ name }) =>
        fits(name, role, ordinal),
      );
      if (!entry)
        throw new FormatError(
          `expected its ${role} in weightsManifest, got ${counted([...parts.values()].flat().length, "weight")} of its name`,
          place,
        );
      taken.add(entry);
      return {
        ...entry.read(),
        place: `weight ${JSON.stringify(entry.name.slice(0, 200))}`,
      };
    },
    finish() {
      const left = [...parts.values()].flat().find((e) => !taken.has(e));
      if (left)
        throw new FormatError(
          `expected no weight ${JSON.stringify(left.name.slice(0, 200))}, got one`,
          place,
        );
    },
  };
}

/** Directions are identified by name, cells by order. */
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
