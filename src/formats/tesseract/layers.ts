/*
 * The network's layers, each a record and what its type adds, layers in layers:
 *
 *     i8 0, string type (older files: i8 the type's number)    i8 training    i8 needs backprop    i32 flags
 *     i32 inputs    i32 outputs    i32 number of weights    string name    …
 */
import type { Cursor } from "./cursor.js";
import { type Matrix, readMatrix } from "./matrix.js";

/** By their numbers in older files; 0 is none. */
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

/** Those that can be read; "Invalid" is none. */
export type LayerType = Exclude<(typeof TYPES)[number], "Invalid">;

/** A layer as the file has it. */
export interface LayerNode {
  readonly type: LayerType;
  readonly name: string;
  /** Numbers at a place of the grid; of an Input what it calls its inputs, the image's height. */
  readonly inputs: number;
  readonly outputs: number;
  /** The layers inside. */
  readonly layers: readonly LayerNode[];
  /** Input: batch, height, width, depth, loss; Convolve: half a window's width and height; Maxpool, Reconfig: x and y. */
  readonly sizes: readonly number[];
  /** One, or those of the gates: cell input g, input i, forget f, output o, and of a two-dimensional LSTM f over y. */
  readonly matrices: readonly Matrix[];
}

interface Header {
  readonly type: LayerType;
  readonly name: string;
  readonly training: boolean;
  readonly flags: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Where it begins. */
  readonly at: number;
}

type Rest = Pick<LayerNode, "layers" | "sizes" | "matrices">;
type ReadRest = (cursor: Cursor, header: Header, depth: number) => Rest;

const NONE: Rest = { layers: [], sizes: [], matrices: [] };

/** In the models that there are layers lie in at most four others. */
const MOST_DEPTH = 32;
/** The most numbers at a place: what a window of 3 × 3 makes of 512 is 4608. */
const MOST_OUTPUTS = 65_536;
const MOST_ROWS = 1024;
const RATES_OF_EACH = 64;

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

/** Around one layer: reversed or transposed before and back behind it. */
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
  if (
    rows < 2 ||
    rows > MOST_ROWS ||
    depth === 3 ||
    (depth > 1 && height > 1)
  ) {
    const expected = `a grey image of 2 to ${MOST_ROWS} rows`;
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

/** What follows the record, by type. */
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
  if (depth > MOST_DEPTH) {
    const expected = `layers in at most ${MOST_DEPTH} others`;
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
    throw cursor.unexpected("layer, type", "one that is known", got, at);
  }
  const training = cursor.uint8(type) === 1;
  cursor.uint8(type);
  const flags = cursor.int32(type);
  const inputs = cursor.integer(`${type}, inputs`, 1);
  const outputs = cursor.integer(`${type}, outputs`, 1);
  cursor.integer(`${type}, number of weights`, 0);
  const name = cursor.text(`${type}, name`);
  if (outputs > MOST_OUTPUTS) {
    const expected = `at most ${MOST_OUTPUTS}`;
    throw cursor.unexpected(`${type}, outputs`, expected, outputs, at);
  }
  return { type, name, training, flags, inputs, outputs, at };
}

function readLayers(cursor: Cursor, header: Header, depth: number) {
  const { at } = cursor;
  const what = `${header.type}, layers`;
  const count = cursor.uint32(what);
  // a layer's record alone is 23 bytes and more
  if (count < 1 || count * 23 > cursor.left)
    throw cursor.unexpected(what, "1 or more that are there", count, at);
  const layers = Array.from({ length: count }, () =>
    readLayer(cursor, depth + 1),
  );
  if (header.flags & RATES_OF_EACH) {
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
