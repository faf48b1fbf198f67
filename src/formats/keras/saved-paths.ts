/*
 * Weights as Keras has saved them since 2.12, in model.weights.h5: by the attributes of its objects.
 *
 *     layers/lstm/cell/vars/0                     kernel; 1 recurrent_kernel, 2 bias
 *     layers/bidirectional/forward_layer/cell/vars/0
 *     layers/time_distributed/layer/vars/0
 *     layers/rnn/cell/cells/lstm_cell_1/vars/0
 *
 * A layer is found by its class and its index among those of its class; its name is not in the file. Keras 2 joined the
 * attributes as file paths, so on Windows `layers\\lstm\\cell` is the name of a single group, which contains vars/0.
 */
import { FormatError } from "../../errors.js";
import type { Hdf5File } from "../hdf5/file.js";
import type { WeightSource } from "../keras-layers/weights.js";

/** The second is what TensorFlow 2.12 and 2.13 call "layers". */
const FOLDERS = ["layers", "_layer_checkpoint_dependencies"];

/** null if the file has no weights in this form. */
export function savedPaths(file: Hdf5File): WeightSource | null {
  const groups = groupsOf(file);
  const folder = FOLDERS.find((name) => groups.has(name));
  if (folder === undefined) return null;
  const below = (root: readonly string[]): WeightSource => ({
    of: ({ className, name }, saved) => ({
      take({ path }, role, ordinal) {
        const places = spellings(path).map((own) => {
          const group = [...root, folder, saved, ...own].join("/");
          return `/${groups.get(group) ?? group}/vars/${ordinal}`;
        });
        for (const place of places) {
          const found = file.dataset(place);
          if (found) return { ...found, place: file.at(place) };
        }
        throw new FormatError(
          `expected the ${role} of ${JSON.stringify(name.slice(0, 100))} (${className}), got none`,
          file.at(places[0] as string),
        );
      },
      finish() {},
    }),
    inside: (_, saved, path) => below([...root, folder, saved, ...path]),
  });
  return below([]);
}

/** tf_keras kept the projections of a MultiHeadAttention in attributes of its own: _query_dense. */
function spellings(path: readonly string[]): (readonly string[])[] {
  const last = path.at(-1);
  return last?.endsWith("_dense")
    ? [path, [...path.slice(0, -1), `_${last}`]]
    : [path];
}

/** The groups of the root, and the folders that they are in, by their names with slashes. */
function groupsOf(file: Hdf5File): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const name of file.names("/") ?? []) {
    const path = name.replaceAll("\\", "/");
    groups.set(path, name);
    const [top = ""] = path.split("/", 1);
    if (!groups.has(top)) groups.set(top, top);
  }
  return groups;
}
