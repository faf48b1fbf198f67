/*
 * Weights as Keras saves them since 2.12, in model.weights.h5: by the attributes of its objects.
 *
 *     layers/lstm/cell/vars/0                     kernel; 1 recurrent_kernel, 2 bias
 *     layers/bidirectional/forward_layer/cell/vars/0
 *     layers/time_distributed/layer/vars/0
 *     layers/rnn/cell/cells/lstm_cell_1/vars/0
 *
 * A layer is found by its class and its place among those of its class; its name is not in the file.
 */
import { FormatError } from "../../errors.js";
import type { Hdf5File } from "../hdf5/file.js";
import type { WeightSource } from "../keras-layers/weights.js";

/** TensorFlow 2.12 and 2.13 called "layers" so. */
const FOLDERS = ["layers", "_layer_checkpoint_dependencies"];

/** null where the file has no weights in this form. */
export function savedPaths(file: Hdf5File): WeightSource | null {
  const folder = FOLDERS.find((name) => file.names(`/${name}`) !== null);
  if (folder === undefined) return null;
  return {
    of: ({ className, name }, saved) => ({
      take({ path }, role, ordinal) {
        const group = ["", folder, saved, ...path, "vars"].join("/");
        const place = `${group}/${ordinal}`;
        const found = file.dataset(place);
        if (found) return { ...found, place: file.at(place) };
        throw new FormatError(
          `expected the ${role} of ${JSON.stringify(name.slice(0, 100))} (${className})`,
          file.at(place),
        );
      },
      finish() {},
    }),
  };
}
