/*
 * Reads the JSON of GuitarML and of AIDA-X's trainer: `state_dict` has PyTorch's parameters of one recurrent layer,
 * `rec`, and one Linear, `lin`; `model_data` has the sizes.
 */
import { GRU, Linear, LSTM, RNN, Sequential } from "../../index.js";
import { RECURRENT_KINDS } from "../../layers/cells.js";
import type { BackendChoice } from "../../layers/options.js";
import type { StateDict } from "../../safetensors.js";
import { type AudioModel, readSampleRate } from "../audio.js";
import {
  field,
  inside,
  integer,
  matrix,
  object,
  type Place,
  text,
  unexpected,
  vector,
} from "../json.js";
import { makeReport } from "../report.js";

const UNITS = { LSTM, GRU, RNN } as const;

/** The trainer's default, for files without `skip`. */
const DEFAULT_SKIP = 1;

/** @param file an object with `model_data` */
export function readGuitarMl(file: Place, backend: BackendChoice): AudioModel {
  const data = object(file, "model_data");
  const weights = object(file, "state_dict");
  const kind = text(data, "model");
  if (kind !== "SimpleRNN")
    throw unexpected("SimpleRNN", kind, inside(data, "model"));
  const unit = text(data, "unit_type");
  if (!isUnit(unit)) {
    const expected = "LSTM, GRU or RNN";
    throw unexpected(expected, unit, inside(data, "unit_type"));
  }
  const inputSize = integer(data, "input_size");
  const hiddenSize = integer(data, "hidden_size");
  const numLayers = integer(data, "num_layers", { absent: 1 });
  const outputSize = integer(data, "output_size", { absent: 1 });
  const skip = integer(data, "skip", { least: 0, absent: DEFAULT_SKIP });
  if (skip > inputSize || (skip > 0 && skip !== outputSize)) {
    const expected = `0, or one input for each of ${outputSize} outputs`;
    throw unexpected(expected, skip, inside(data, "skip"));
  }
  const recurrent = recurrentDict(weights, RECURRENT_KINDS[unit].gates.length, {
    inputSize,
    hiddenSize,
    numLayers,
  });
  const linear: StateDict = {
    weight: read(weights, "lin.weight", outputSize, hiddenSize),
  };
  if (field(weights, "lin.bias") !== undefined)
    linear["bias"] = read(weights, "lin.bias", outputSize);
  const warnings =
    field(data, "skip") === undefined
      ? ["no skip: 1 is assumed, the trainer's default"]
      : [];
  if (unit === "RNN")
    warnings.push("RNN: tanh is assumed, as the file does not say");
  const report = makeReport({
    format: "guitarml",
    producer: null,
    version: null,
    layers: [
      {
        name: "rec",
        type: unit,
        sizes: { inputSize, hiddenSize, numLayers },
        convention: `PyTorch: two biases${inputSize > 1 ? `, ${inputSize - 1} of the inputs are knobs` : ""}`,
      },
      {
        name: "lin",
        type: "Linear",
        sizes: { inputSize: hiddenSize, outputSize },
        convention: `PyTorch: weight [out, in], ${linear["bias"] ? "bias" : "no bias"}`,
      },
    ],
    converted: skip
      ? [`skip ${skip}: as many inputs are added to the output`]
      : [],
    ignored: [],
    warnings,
  });
  const model = new Sequential(
    [
      UNITS[unit].fromStateDict(recurrent, { backend }),
      Linear.fromStateDict(linear, { backend }),
    ],
    { skip },
  );
  return { model, report, sampleRate: readSampleRate(file), cases: [] };
}

function isUnit(unit: string): unit is keyof typeof UNITS {
  return Object.hasOwn(UNITS, unit);
}

function recurrentDict(
  weights: Place,
  gates: number,
  sizes: { inputSize: number; hiddenSize: number; numLayers: number },
): StateDict {
  const { inputSize, hiddenSize, numLayers } = sizes;
  const rows = gates * hiddenSize;
  const dict: StateDict = {};
  for (let layer = 0; layer < numLayers; layer++) {
    const inputs = layer ? hiddenSize : inputSize;
    const of = (name: string, columns?: number) =>
      (dict[`${name}_l${layer}`] = read(
        weights,
        `rec.${name}_l${layer}`,
        rows,
        columns,
      ));
    of("weight_ih", inputs);
    of("weight_hh", hiddenSize);
    of("bias_ih");
    of("bias_hh");
  }
  return dict;
}

/** A tensor of the state dict. Its lists are checked against the sizes before memory is allocated. */
function read(weights: Place, name: string, rows: number, columns?: number) {
  const at = `state_dict[${JSON.stringify(name)}]`;
  const value = field(weights, name);
  return columns === undefined
    ? vector(value, at, rows)
    : matrix(value, at, rows, columns);
}
