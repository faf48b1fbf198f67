/*
 * Writes an LSTM as a .nam file, as Neural Amp Modeler's trainer exports it; lstm.ts describes the list of numbers.
 */
import { message, record, wrong } from "../../checks.js";
import type { LSTM, Linear, Sequential } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import { encodeUtf8 } from "../../utf8.js";
import { shortNumber } from "../json.js";
import { isFast } from "./lstm.js";

/** The metadata of a .nam file. */
export interface NamMetadata {
  /** Hertz; 48000 by default. */
  sample_rate?: number;
  /** name, modeled_by, gear_type, gear_make, gear_model, tone_type, loudness, … as NAM has them. */
  [key: string]: unknown;
}

const VERSION = "0.5.4";

/**
 * The .nam file of a model: one forward LSTM of any number of layers, followed by a Linear, the head.
 *
 * @throws TypeError, RangeError naming the part of the model that NAM's LSTM does not have, or a weight that is not finite
 */
export function toNam(
  model: Sequential,
  metadata: NamMetadata = {},
): Uint8Array {
  const { sample_rate = 48_000, ...rest } = record(
    metadata,
    "metadata",
  ) as NamMetadata;
  if (!(
    typeof sample_rate === "number" &&
    sample_rate > 0 &&
    Number.isFinite(sample_rate)
  ))
    throw wrong(
      typeof sample_rate === "number",
      "metadata.sample_rate",
      "a number above 0",
      sample_rate,
    );
  const [lstm, head] = checked(model);
  const { inputSize, hiddenSize, numLayers } = lstm.options;
  const { outputSize } = head.options;
  const dict = lstm.stateDict();
  const of = (name: string, size: number) =>
    (dict[name] as Tensor | undefined)?.data ?? new Float32Array(size);
  const weights: number[] = [];
  const append = (numbers: Float32Array) => {
    for (const number of numbers) weights.push(number);
  };
  const rows = 4 * hiddenSize;
  for (let layer = 0; layer < numLayers; layer++) {
    const inputs = layer ? hiddenSize : inputSize;
    const w = of(`weight_ih_l${layer}`, 0);
    const u = of(`weight_hh_l${layer}`, 0);
    for (let row = 0; row < rows; row++) {
      append(w.subarray(row * inputs, (row + 1) * inputs));
      append(u.subarray(row * hiddenSize, (row + 1) * hiddenSize));
    }
    const b = of(`bias_ih_l${layer}`, rows);
    const c = of(`bias_hh_l${layer}`, rows);
    append(b.map((value, i) => value + (c[i] as number)));
    append(of(`hidden0_l${layer}`, hiddenSize));
    append(of(`cell0_l${layer}`, hiddenSize));
  }
  const { weight, bias } = head.stateDict();
  append((weight as Tensor).data);
  append(bias?.data ?? new Float32Array(outputSize));
  const file = {
    version: VERSION,
    metadata: rest,
    architecture: "LSTM",
    config: {
      input_size: inputSize,
      hidden_size: hiddenSize,
      num_layers: numLayers,
      ...(inputSize > 1 && { in_channels: inputSize }),
      ...(outputSize > 1 && { out_channels: outputSize }),
    },
    weights: weights.map(shortNumber),
    sample_rate,
  };
  return encodeUtf8(JSON.stringify(file));
}

function checked(model: Sequential): [LSTM, Linear] {
  const layers: unknown = (model as Sequential | null | undefined)?.layers;
  if (!Array.isArray(layers))
    throw wrong(false, "model", "a Sequential", model);
  const [lstm, head, ...more] = layers as Sequential["layers"];
  if (lstm?.type !== "LSTM" || head?.type !== "Linear" || more.length)
    throw new RangeError(
      message(
        "model",
        "an LSTM and a Linear",
        layers.map(({ type }) => type).join(", "),
      ),
    );
  if (model.skip)
    throw new RangeError(message("model.skip", "0", `${model.skip}`));
  const { options } = lstm as LSTM;
  const refuse = (name: string, expected: string, got: unknown) => {
    throw new RangeError(message(`layers[0].${name}`, expected, String(got)));
  };
  if (options.direction !== "forward")
    refuse("direction", "forward", options.direction);
  if (!options.returnSequences) refuse("returnSequences", "true", false);
  if (options.projSize) refuse("projSize", "0", options.projSize);
  if (options.peepholes) refuse("peepholes", "false", true);
  if (options.coupledGates) refuse("coupledGates", "false", true);
  if (options.cellClip !== Infinity)
    refuse("cellClip", "none", options.cellClip);
  if (options.clip !== Infinity) refuse("clip", "none", options.clip);
  if (options.activations.length && !isFast(options.activations))
    refuse(
      "activations",
      "standard ones, or NAM's",
      JSON.stringify(options.activations),
    );
  const { activation } = (head as Linear).options;
  if (activation !== "linear")
    throw new RangeError(
      message("layers[1].activation", "linear", JSON.stringify(activation)),
    );
  return [lstm as LSTM, head as Linear];
}
