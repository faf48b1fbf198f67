/*
 * Weights as Keras saves them in .h5 files: one group per layer, named after it. Its attribute weight_names has the
 * paths of its datasets in the order of the layer's weights; the rest of the names depends on the version.
 *
 *     model_weights/lstm   weight_names: lstm/lstm_cell/kernel:0, lstm/lstm_cell/recurrent_kernel:0, …
 *
 * An attribute of more than 64 kB is split: weight_names0, weight_names1, …
 */
import { counted } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Hdf5File } from "../hdf5/file.js";
import type { LayerWeights, WeightSource } from "../keras-layers/weights.js";

/** @param group "/model_weights", or "" in a file that has weights only */
export function namedGroups(file: Hdf5File, group: string): WeightSource {
  const pathOf = (name: string) => `${group}/${name}`;
  // a layer without weights may have no group
  const namesOf = (name: string) =>
    name === "" || name.includes("/") || file.names(pathOf(name)) === null
      ? []
      : longList(file, pathOf(name), "weight_names");
  return {
    of({ name, className }) {
      const path = pathOf(name);
      const place = `${file.at(path)} (${className})`;
      return inOrder(file, path, namesOf(name), place);
    },
    inside: ({ name }) => nested(file, pathOf(name), namesOf(name)),
  };
}

/** The weights of a model inside a model are in one group, under the names of its layers. */
function nested(
  file: Hdf5File,
  path: string,
  names: readonly string[],
): WeightSource {
  const namesOf = (name: string) => {
    const segments = names.map((each) => each.split("/"));
    const first = names.filter((_, i) => segments[i]?.[0] === name);
    if (first.length) return first;
    return names.filter((_, i) => segments[i]?.slice(0, -1).includes(name));
  };
  return {
    of({ name, className }) {
      const place = `${file.at(path)}, layer ${JSON.stringify(name.slice(0, 100))} (${className})`;
      return inOrder(file, path, namesOf(name), place);
    },
    inside: ({ name }) => {
      const own = namesOf(name);
      // some releases leave the model's own name out
      return nested(file, path, own.length ? own : names);
    },
  };
}

function inOrder(
  file: Hdf5File,
  path: string,
  names: readonly string[],
  place: string,
): LayerWeights {
  let next = 0;
  return {
    take(_, role) {
      const name = names[next++];
      if (name === undefined)
        throw new FormatError(
          `expected its ${role} in weight_names, got ${counted(names.length, "name")}`,
          place,
        );
      const at = `${path}/${name}`;
      const found = file.dataset(at);
      if (found) return { ...found, place: file.at(at) };
      throw new FormatError("expected a dataset, got none", file.at(at));
    },
    finish() {
      if (next < names.length)
        throw new FormatError(
          `expected ${next} weights, got ${names.length}`,
          place,
        );
    },
  };
}

/** An attribute, or the pieces into which it is split. */
function longList(file: Hdf5File, path: string, name: string): string[] {
  const whole = file.list(path, name);
  if (whole) return whole;
  const all: string[] = [];
  for (let piece = 0; ; piece++) {
    const names = file.list(path, `${name}${piece}`);
    if (names === null) return all;
    for (const each of names) all.push(each);
  }
}
