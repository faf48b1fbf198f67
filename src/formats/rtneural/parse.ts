import { isRecord } from "../../checks.js";
import { asList, field, inside, nested, objects, type Place } from "../json.js";
import { collectTensors, type ParsedTensors } from "../parsed.js";
import { isStateDict } from "./torch.js";

/** The lists of numbers in a JSON model: of a state dict, of RTNeural's layers, or of Keras's layers by name. */
export function parseLists(file: Place): ParsedTensors {
  const lists = isStateDict(file)
    ? Object.entries(file.fields)
    : field(file, "layers") === undefined
      ? weightsByLayerName(file)
      : weightsInOrder(file);
  const entries = lists.map(([name, value]) => ({
    name,
    dtype: "",
    shape: [],
    read: () => nested(value, name.slice(0, 200)),
  }));
  return { ...collectTensors(entries), metadata: {} };
}

type Lists = readonly (readonly [name: string, value: unknown])[];

/** Names such as layers[0].weights[1]; activations have no weights. */
function weightsInOrder(file: Place): Lists {
  return objects(file, "layers").flatMap((layer) => {
    const at = inside(layer, "weights");
    const weights = field(layer, "weights") ?? [];
    return asList(weights, at).map((value, i) => [`${at}[${i}]`, value]);
  });
}

/** SmartAmpPro's weights: { lstm: { "kernel:0": … } } becomes lstm/kernel:0. */
function weightsByLayerName(file: Place): Lists {
  return Object.entries(file.fields).flatMap(([layer, weights]) =>
    isRecord(weights)
      ? Object.entries(weights)
          .filter(([, value]) => Array.isArray(value))
          .map(([name, value]) => [`${layer}/${name}`, value] as const)
      : [],
  );
}
