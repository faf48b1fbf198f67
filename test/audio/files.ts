import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { FormatError } from "../../src/errors.js";
import { Random } from "../support/random.js";

/** What other projects made; see ../shared/conformance/README.md. */
export const conformance = new URL(
  "../../../shared/conformance/",
  import.meta.url,
);
export const hasConformance = existsSync(conformance);
export const readConformance = (name: string) =>
  readFileSync(new URL(name, conformance));

export const bytesOf = (value: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value));

/** The file is refused, and the message is this, its beginning, or like it. */
export function expectRefused(
  load: (bytes: Uint8Array) => unknown,
  file: unknown,
  message: string | RegExp,
): void {
  const bytes = file instanceof Uint8Array ? file : bytesOf(file);
  let error: unknown;
  try {
    load(bytes);
  } catch (caught) {
    error = caught;
  }
  expect(error, String(message)).toBeInstanceOf(FormatError);
  if (typeof message === "string")
    expect((error as FormatError).message.slice(0, message.length)).toBe(
      message,
    );
  else expect((error as FormatError).message).toMatch(message);
}

const matrix = (random: Random, rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from(random.floats(columns)));

/** RTNeural's layers with random weights. */
export function rtneuralLayer(
  type: "lstm" | "gru" | "dense",
  inputs: number,
  outputs: number,
  activation = "",
  seed = 1,
) {
  const random = new Random(seed);
  const gates = { lstm: 4, gru: 3, dense: 1 }[type];
  const rows = gates * outputs;
  const kernel = matrix(random, inputs, rows);
  const recurrent = matrix(random, outputs, rows);
  const bias =
    type === "gru" ? matrix(random, 2, rows) : Array.from(random.floats(rows));
  const weights = type === "dense" ? [kernel, bias] : [kernel, recurrent, bias];
  return { type, activation, shape: [null, null, outputs], weights };
}

/** An amplifier as RTNeural or AIDA-X has it. */
export const rtneuralFile = (inputs = 1, more: object = {}) => ({
  in_shape: [null, null, inputs],
  layers: [
    rtneuralLayer("lstm", inputs, 5, "tanh", 1),
    rtneuralLayer("dense", 5, 1, "", 2),
  ],
  ...more,
});

/** A .nam file with random weights. */
export function namFile({
  inputs = 1,
  hidden = 4,
  layers = 1,
  outputs = 1,
  ...more
}: {
  inputs?: number;
  hidden?: number;
  layers?: number;
  outputs?: number;
} & Record<string, unknown> = {}) {
  const layer = (size: number) => 4 * hidden * (size + hidden + 1) + 2 * hidden;
  const count =
    layer(inputs) + (layers - 1) * layer(hidden) + outputs * (hidden + 1);
  return {
    version: "0.5.4",
    architecture: "LSTM",
    config: {
      input_size: inputs,
      hidden_size: hidden,
      num_layers: layers,
      ...(inputs > 1 && { in_channels: inputs }),
      ...(outputs > 1 && { out_channels: outputs }),
    },
    weights: Array.from(new Random(3).floats(count)),
    sample_rate: 48000,
    ...more,
  };
}

/** GuitarML's JSON with random weights. */
export function guitarMlFile(
  unit: "LSTM" | "GRU" | "RNN",
  { inputs = 1, hidden = 5, layers = 1, skip = 1, bias = true } = {},
) {
  const random = new Random(4);
  const rows = { LSTM: 4, GRU: 3, RNN: 1 }[unit] * hidden;
  const entries = Array.from({ length: layers }, (_, layer) => [
    [
      `rec.weight_ih_l${layer}`,
      matrix(random, rows, layer ? hidden : inputs),
    ] as const,
    [`rec.weight_hh_l${layer}`, matrix(random, rows, hidden)] as const,
    [`rec.bias_ih_l${layer}`, Array.from(random.floats(rows))] as const,
    [`rec.bias_hh_l${layer}`, Array.from(random.floats(rows))] as const,
  ]).flat();
  return {
    model_data: {
      model: "SimpleRNN",
      input_size: inputs,
      skip,
      output_size: 1,
      unit_type: unit,
      num_layers: layers,
      hidden_size: hidden,
      bias_fl: bias,
    },
    state_dict: {
      ...Object.fromEntries(entries),
      "lin.weight": matrix(random, 1, hidden),
      ...(bias && { "lin.bias": Array.from(random.floats(1)) }),
    } as Record<string, unknown>,
  };
}
