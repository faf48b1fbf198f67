/** Writes .traineddata files, all forms that the reader knows. */
import { Random } from "../support/random.js";

/** A layer to be written; weights come from the seed. */
export interface Layer {
  type: string;
  inputs: number;
  outputs: number;
  layers?: readonly Layer[];
  sizes?: readonly number[];
  /** Rows and columns of each matrix. */
  matrices?: readonly (readonly [number, number])[];
  flags?: number;
}

export type Form = "int8" | "float64" | "old int8" | "old float32";

export interface Options {
  form?: Form;
  /** Types as numbers without a name, as older files have them. */
  numbered?: boolean;
  /** A checkpoint: updates, and with Adam their squares, behind the weights. */
  training?: "plain" | "adam";
  seed?: number;
  /** How large weights are at most. */
  spread?: number;
  /** Weights by hand, in the order in which matrices are written; row by row, the bias last. */
  weights?: readonly (readonly number[])[];
}

export class Writer {
  readonly bytes: number[] = [];
  #view = new DataView(new ArrayBuffer(8));

  #put(size: number): this {
    for (let i = 0; i < size; i++) this.bytes.push(this.#view.getUint8(i));
    return this;
  }
  i8(value: number): this {
    this.#view.setInt8(0, value);
    return this.#put(1);
  }
  i32(...values: readonly number[]): this {
    for (const value of values) {
      this.#view.setInt32(0, value, true);
      this.#put(4);
    }
    return this;
  }
  f32(...values: readonly number[]): this {
    for (const value of values) {
      this.#view.setFloat32(0, value, true);
      this.#put(4);
    }
    return this;
  }
  f64(...values: readonly number[]): this {
    for (const value of values) {
      this.#view.setFloat64(0, value, true);
      this.#put(8);
    }
    return this;
  }
  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.i32(bytes.length);
    return this.raw(bytes);
  }
  raw(bytes: Iterable<number>): this {
    this.bytes.push(...bytes);
    return this;
  }
}

/** The types by their numbers in older files. */
const NUMBERS = [
  "",
  "Input",
  "Convolve",
  "Maxpool",
  "Parallel",
  "Replicated",
  "ParBidiLSTM",
  "DepParUDLSTM",
  "Par2dLSTM",
  "Series",
  "Reconfig",
  "RTLReversed",
  "TTBReversed",
  "XYTranspose",
  "LSTM",
  "SummLSTM",
  "Logistic",
  "LinLogistic",
  "LinTanh",
  "Tanh",
  "Relu",
  "Linear",
  "Softmax",
  "SoftmaxNoCTC",
];
const PLUMBING =
  /^(Series|Parallel|Replicated|ParBidiLSTM|DepParUDLSTM|Par2dLSTM|RTLReversed|TTBReversed|XYTranspose)$/;

export class NetworkWriter extends Writer {
  readonly #options: Required<Omit<Options, "training" | "weights">> & Options;
  readonly #random: Random;
  #matrix = 0;

  constructor(options: Options = {}) {
    super();
    this.#options = {
      form: "int8",
      numbered: false,
      seed: 1,
      spread: 1,
      ...options,
    };
    this.#random = new Random(this.#options.seed);
  }

  layer(layer: Layer): this {
    const { numbered, training } = this.#options;
    const { type, inputs, outputs, layers = [], sizes = [] } = layer;
    if (numbered) this.i8(NUMBERS.indexOf(type));
    else this.i8(0).text(type);
    this.i8(training ? 1 : 0).i8(training ? 1 : 0);
    this.i32(layer.flags ?? 0, inputs, outputs, 7).text(`${type}:${inputs}`);
    if (PLUMBING.test(type)) {
      this.i32(layers.length);
      for (const inside of layers) this.layer(inside);
      if ((layer.flags ?? 0) & 64)
        this.i32(layers.length).f32(...layers.map(() => 0.001));
      return this;
    }
    this.i32(...sizes);
    if (/LSTM/.test(type)) this.i32((layer.matrices?.[0]?.[1] ?? 0) - 1);
    for (const [rows, columns] of layer.matrices ?? [])
      this.matrix(rows, columns);
    return this;
  }

  matrix(rows: number, columns: number): this {
    const { form, training, spread, weights } = this.#options;
    const count = rows * columns;
    const given = weights?.[this.#matrix++];
    const draw = () => [...this.#random.floats(count, -spread, spread)];
    const values = given ? [...given] : draw();
    const double = !form.startsWith("old");
    if (form.endsWith("int8")) {
      const scales = Array.from({ length: rows }, (_, row) => {
        const own = values.slice(row * columns, (row + 1) * columns);
        return Math.max(1e-3, ...own.map(Math.abs)) / 127;
      });
      this.i8(double ? 0x81 - 256 : 1)
        .i32(rows, columns)
        .i8(0);
      values.forEach((value, i) => {
        this.i8(Math.round(value / scales[Math.floor(i / columns)]!));
      });
      // as a machine with SIMD leaves it: scales up to a multiple of 16 rows
      const padding = double ? (16 - (rows % 16)) % 16 : 0;
      this.i32(rows + padding);
      if (double)
        this.f64(...scales, ...Array.from({ length: padding }, () => 0));
      else this.f32(...scales.map((scale) => scale / 127));
      return this;
    }
    const put = (numbers: readonly number[]) => {
      this.i32(rows, columns);
      if (double) this.f64(0, ...numbers);
      else this.f32(0, ...numbers);
    };
    const adam = training === "adam" && double ? 4 : 0;
    this.i8(double ? 0x80 + adam - 256 : 0);
    put(values);
    if (training) put(draw());
    if (training && (adam || !double)) put(draw());
    return this;
  }
}

export interface File {
  layers: Layer;
  /** Characters and their codes. */
  characters: readonly (readonly [string, ...number[]])[];
  blank: number;
  /** Whether the characters have codes of their own; without, a character's number is its code. */
  recoded?: boolean;
  /** Whether the unicharset and the recoder are parts of their own; false: inside the network's. */
  apart?: boolean;
  options?: Options;
}

export function unicharset(characters: File["characters"]): number[] {
  const lines = characters.map(([text]) => {
    const word = text === " " ? "NULL" : text;
    return `${word} 0 0,255,0,255,0,0,0,0,0,0 Common 1 0 1 ${word}\t# ${word}\n`;
  });
  return [
    ...new TextEncoder().encode(`${characters.length}\n${lines.join("")}`),
  ];
}

function recoder(characters: File["characters"]): number[] {
  const writer = new Writer().i32(characters.length);
  for (const [, ...codes] of characters)
    writer.i8(1).i32(codes.length, ...codes);
  return writer.bytes;
}

export function traineddata(file: File): Uint8Array {
  const { layers, characters, blank, recoded = true, apart = true } = file;
  const network = new NetworkWriter(file.options).layer(layers);
  if (!apart) network.raw(unicharset(characters));
  network
    .text("[1,36,0,1 synthetic]")
    .i32(recoded ? 65 : 1, 100, 200, blank)
    .f32(0.999, 0.001, 0.5);
  if (!apart && recoded) network.raw(recoder(characters));
  return container({
    0: [..."config"].map((char) => char.charCodeAt(0)),
    17: network.bytes,
    ...(apart && { 21: unicharset(characters), 22: recoder(characters) }),
    23: [...new TextEncoder().encode("5.0.0:synthetic")],
  });
}

/** Parts by their numbers behind a table of 24. */
export function container(
  parts: Readonly<Record<number, readonly number[]>>,
): Uint8Array {
  const writer = new Writer().i32(24);
  let at = 4 + 8 * 24;
  for (let i = 0; i < 24; i++) {
    const part = parts[i];
    writer.i32(part ? at : -1, part ? 0 : -1);
    at += part?.length ?? 0;
  }
  for (let i = 0; i < 24; i++) writer.raw(parts[i] ?? []);
  return Uint8Array.from(writer.bytes);
}

/** Layers, with the sizes that they need. */
export const make = {
  input: (height: number, depth = 1): Layer => ({
    type: "Input",
    inputs: height,
    outputs: depth,
    sizes: [1, height, 0, depth, 0],
  }),
  series: (...layers: Layer[]): Layer => ({
    type: "Series",
    inputs: layers[0]!.inputs,
    outputs: layers.at(-1)!.outputs,
    layers,
  }),
  parallel: (type: string, ...layers: Layer[]): Layer => ({
    type,
    inputs: layers[0]!.inputs,
    outputs: layers.reduce((sum, { outputs }) => sum + outputs, 0),
    layers,
  }),
  turned: (type: string, layer: Layer): Layer => ({
    type,
    inputs: layer.inputs,
    outputs: layer.outputs,
    layers: [layer],
  }),
  convolve: (inputs: number, x: number, y: number): Layer => ({
    type: "Convolve",
    inputs,
    outputs: inputs * (2 * x + 1) * (2 * y + 1),
    sizes: [x, y],
  }),
  maxpool: (inputs: number, x: number, y: number): Layer => ({
    type: "Maxpool",
    inputs,
    outputs: inputs,
    sizes: [x, y],
  }),
  reconfig: (inputs: number, x: number, y: number): Layer => ({
    type: "Reconfig",
    inputs,
    outputs: inputs * x * y,
    sizes: [x, y],
  }),
  lstm: (inputs: number, outputs: number, type = "LSTM"): Layer => ({
    type,
    inputs,
    outputs,
    matrices: Array.from({ length: 4 }, () => [outputs, inputs + outputs + 1]),
  }),
  lstm2d: (inputs: number, outputs: number, type = "LSTM"): Layer => ({
    type,
    inputs,
    outputs,
    matrices: Array.from({ length: 5 }, () => [
      outputs,
      inputs + 2 * outputs + 1,
    ]),
  }),
  dense: (type: string, inputs: number, outputs: number): Layer => ({
    type,
    inputs,
    outputs,
    matrices: [[outputs, inputs + 1]],
  }),
};

/** The network of Debian's eng.traineddata in small, and some that no file has. */
export const NETWORKS: Readonly<Record<string, Layer>> = {
  "English's": make.series(
    make.input(12),
    make.series(make.convolve(1, 1, 1), make.dense("Tanh", 9, 5)),
    make.maxpool(5, 3, 3),
    make.turned("XYTranspose", make.lstm(5, 6, "SummLSTM")),
    make.lstm(6, 7),
    make.turned("RTLReversed", make.lstm(7, 5)),
    make.lstm(5, 9),
    make.dense("Softmax", 9, 8),
  ),
  "both ways at once": make.series(
    make.input(6),
    make.reconfig(1, 2, 3),
    make.parallel(
      "ParBidiLSTM",
      make.lstm(6, 4),
      make.turned("RTLReversed", make.lstm(6, 4)),
    ),
    make.dense("Relu", 8, 6),
    make.turned("XYTranspose", make.lstm(6, 5, "SummLSTM")),
    make.dense("SoftmaxNoCTC", 5, 8),
  ),
  "two dimensions, upside down": make.series(
    make.input(6),
    make.dense("LinTanh", 1, 4),
    make.parallel(
      "Par2dLSTM",
      make.lstm2d(4, 3),
      make.turned("TTBReversed", make.lstm2d(4, 3)),
      make.turned("RTLReversed", make.turned("TTBReversed", make.lstm2d(4, 3))),
    ),
    make.convolve(9, 1, 0),
    make.dense("Logistic", 27, 5),
    make.maxpool(5, 2, 2),
    make.parallel(
      "Parallel",
      make.dense("LinLogistic", 5, 3),
      make.dense("Linear", 5, 2),
    ),
    make.turned("XYTranspose", make.lstm2d(5, 4, "SummLSTM")),
    make.dense("Softmax", 4, 8),
  ),
  "a column at a time": make.series(
    make.input(1, 10),
    make.parallel("Replicated", make.lstm(10, 6), make.lstm(10, 6)),
    make.dense("Softmax", 12, 8),
  ),
};

export const CHARACTERS: File["characters"] = [
  [" ", 0],
  ["Joined", 7],
  ["a", 1],
  ["é", 2],
  ["한", 3, 4, 5],
  ["하", 3, 4, 6],
];
