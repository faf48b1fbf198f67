/*
 * Reads the network's layers, which are nested. Each is a record, followed by what its type adds:
 *
 *     i8 0, string type (older files: i8 the type's number)    i8 training    i8 needs backprop    i32 flags
 *     i32 inputs    i32 outputs    i32 number of weights    string name    …
 */
import type { Cursor } from "./cursor.js";
import { type Matrix, readMatrix } from "./matrix.js";

/** The types, by their numbers in older files. */
const TYPES = [
  "Invalid",
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
] as const;

/** The types that can be read. */
export type LayerType = Exclude<(typeof TYPES)[number], "Invalid">;

/** A layer as in the file. */
export interface LayerNode {
  readonly type: LayerType;
  readonly name: string;
  /** Numbers per position of the grid; of an Input, the image's height. */
  readonly inputs: number;
  readonly outputs: number;
  /** The nested layers. */
  readonly layers: readonly LayerNode[];
  /** Input: batch, height, width, depth, loss; Convolve: half the window's width and height; Maxpool, Reconfig: x and y. */
  readonly sizes: readonly number[];
  /** One matrix, or an LSTM's gates: cell input g, input i, forget f, output o; in two dimensions also f over y. */
  readonly matrices: readonly Matrix[];
}

interface Header {
  readonly type: LayerType;
  readonly name: string;
  readonly training: boolean;
  readonly flags: number;
  readonly inputs: number;
  readonly outputs: number;
  /** The byte at which the layer begins. */
  readonly at: number;
}

type Rest = Pick<LayerNode, "layers" | "sizes" | "matrices">;
type ReadRest = (cursor: Cursor, header: Header, depth: number) => Rest;

const NONE: Rest = { layers: [], sizes: [], matrices: [] };

/** Published models nest at most four levels deep. */
const MAX_DEPTH = 32;
/** A 3 × 3 window over 512 numbers has 4608. */
const MAX_OUTPUTS = 65_536;
const MAX_ROWS = 1024;
/** The flag of a container that stores the learning rates of its layers. */
const LAYER_RATES = 64;

const series: ReadRest = (cursor, header, depth) => {
  const layers = readLayers(cursor, header, depth);
  layers.forEach((layer, i) => {
    if (!i) return;
    const before = layers[i - 1] as LayerNode;
    match(cursor, header, "outputs", layer.inputs, before.outputs);
  });
  const [first, last] = [layers[0], layers.at(-1)] as [LayerNode, LayerNode];
  match(cursor, header, "inputs", first.inputs, header.inputs);
  match(cursor, header, "outputs", last.outputs, header.outputs);
  return { ...NONE, layers };
};

const parallel: ReadRest = (cursor, header, depth) => {
  const layers = readLayers(cursor, header, depth);
  for (const { inputs } of layers)
    match(cursor, header, "inputs", inputs, header.inputs);
  const outputs = layers.reduce((sum, layer) => sum + layer.outputs, 0);
  match(cursor, header, "outputs", outputs, header.outputs);
  return { ...NONE, layers };
};

/** One layer whose input is reversed or transposed, and whose output is turned back. */
const aroundOne: ReadRest = (cursor, header, depth) => {
  const rest = series(cursor, header, depth);
  if (rest.layers.length === 1) return rest;
  const what = `${header.type}, layers`;
  throw cursor.unexpected(what, "1", rest.layers.length, header.at);
};

const input: ReadRest = (cursor, header) => {
  const what = "Input, shape";
  const sizes = Array.from({ length: 5 }, () => cursor.integer(what, 0));
  const [, height = 0, , depth = 0] = sizes;
  match(cursor, header, "depth", depth, header.outputs);
  const rows = height > 1 ? height : depth;
  if (rows < 2 || rows > MAX_ROWS || depth === 3 || (depth > 1 && height > 1)) {
    const expected = `a grey image of 2 to ${MAX_ROWS} rows`;
    const got = `[${sizes.join(", ")}]`;
    throw cursor.unexpected(what, expected, got, header.at);
  }
  return { ...NONE, sizes };
};

const convolve: ReadRest = (cursor, header) => {
  const x = cursor.integer("Convolve, half width", 0);
  const y = cursor.integer("Convolve, half height", 0);
  const window = (2 * x + 1) * (2 * y + 1);
  match(cursor, header, "outputs", header.outputs, window * header.inputs);
  return { ...NONE, sizes: [x, y] };
};

const scaled =
  (stacks: boolean): ReadRest =>
  (cursor, header) => {
    const x = cursor.integer(`${header.type}, x`, 1);
    const y = cursor.integer(`${header.type}, y`, 1);
    const outputs = header.inputs * (stacks ? x * y : 1);
    match(cursor, header, "outputs", header.outputs, outputs);
    return { ...NONE, sizes: [x, y] };
  };

const GATES = ["cell input", "input gate", "forget gate", "output gate"];

const lstm: ReadRest = (cursor, header) => {
  const { inputs, outputs, training } = header;
  const { at } = cursor;
  const width = cursor.int32("LSTM, width");
  const flat = inputs + outputs;
  const both = flat + outputs;
  if (width !== flat && width !== both)
    throw cursor.unexpected("LSTM, width", `${flat} or ${both}`, width, at);
  const names = width === both ? [...GATES, "forget gate over y"] : GATES;
  const matrices = names.map((name) =>
    readMatrix(cursor, outputs, width + 1, training, `${header.type}, ${name}`),
  );
  return { ...NONE, matrices };
};

const dense: ReadRest = (cursor, { type, inputs, outputs, training }) => ({
  ...NONE,
  matrices: [readMatrix(cursor, outputs, inputs + 1, training, type)],
});

/** Reads what follows the record, by type. */
const REST: Record<LayerType, ReadRest> = {
  Input: input,
  Convolve: convolve,
  Maxpool: scaled(false),
  Reconfig: scaled(true),
  Series: series,
  Parallel: parallel,
  Replicated: parallel,
  ParBidiLSTM: parallel,
  DepParUDLSTM: parallel,
  Par2dLSTM: parallel,
  RTLReversed: aroundOne,
  TTBReversed: aroundOne,
  XYTranspose: aroundOne,
  LSTM: lstm,
  SummLSTM: lstm,
  Logistic: dense,
  LinLogistic: dense,
  LinTanh: dense,
  Tanh: dense,
  Relu: dense,
  Linear: dense,
  Softmax: dense,
  SoftmaxNoCTC: dense,
};

export function readLayer(cursor: Cursor, depth = 0): LayerNode {
  const header = readHeader(cursor);
  const { type, name, inputs, outputs } = header;
  if (depth > MAX_DEPTH) {
    const expected = `at most ${MAX_DEPTH} levels of nested layers`;
    throw cursor.unexpected(type, expected, "more", header.at);
  }
  const rest = REST[type](cursor, header, depth);
  return { type, name, inputs, outputs, ...rest };
}

function readHeader(cursor: Cursor): Header {
  const { at } = cursor;
  const number = cursor.uint8("layer, type");
  const word = number ? TYPES[number] : cursor.text("layer, type");
  const type = TYPES.find((known) => known === word);
  if (!type || type === "Invalid") {
    const got = word === undefined ? number : JSON.stringify(word.slice(0, 40));
    throw cursor.unexpected("layer, type", "a type of Tesseract's", got, at);
  }
  const training = cursor.uint8(type) === 1;
  cursor.uint8(type);
  const flags = cursor.int32(type);
  const inputs = cursor.integer(`${type}, inputs`, 1);
  const outputs = cursor.integer(`${type}, outputs`, 1);
  cursor.integer(`${type}, number of weights`, 0);
  const name = cursor.text(`${type}, name`);
  if (outputs > MAX_OUTPUTS) {
    const expected = `at most ${MAX_OUTPUTS}`;
    throw cursor.unexpected(`${type}, outputs`, expected, outputs, at);
  }
  return { type, name, training, flags, inputs, outputs, at };
}

function readLayers(cursor: Cursor, header: Header, depth: number) {
  const { at } = cursor;
  const what = `${header.type}, layers`;
  const count = cursor.uint32(what);
  // a layer's record has at least 23 bytes
  if (count < 1 || count * 23 > cursor.left)
    throw cursor.unexpected(what, "a number of layers in the part", count, at);
  const layers = Array.from({ length: count }, () =>
    readLayer(cursor, depth + 1),
  );
  if (header.flags & LAYER_RATES) {
    const rates = cursor.uint32(`${header.type}, learning rates`);
    cursor.take(rates, 4, `${header.type}, learning rates`);
  }
  return layers;
}

function match(
  cursor: Cursor,
  { type, at }: Header,
  what: string,
  found: number,
  expected: number,
): void {
  if (found !== expected)
    throw cursor.unexpected(`${type}, ${what}`, `${expected}`, found, at);
}
