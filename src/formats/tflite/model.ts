/*
 * A .tflite file as plain data: its tables, with every index checked. The numbers of tensors stay in the file until they
 * are needed.
 */
import { FormatError } from "../../errors.js";
import { operatorName, optionsOf } from "./operators.js";
import {
  BUFFER,
  METADATA,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  QUANTIZATION,
  SIGNATURE,
  SUBGRAPH,
  TENSOR,
  TENSOR_MAP,
  type TensorType,
  TYPES,
} from "./schema.js";
import { Table } from "./table.js";

/** A file: subgraphs, of which the first is the model. */
export interface Model {
  readonly description: string;
  readonly subgraphs: readonly Subgraph[];
  /** The bytes of the constants; null for an empty buffer. */
  readonly buffers: readonly (Uint8Array | null)[];
  readonly signatures: readonly Signature[];
  readonly metadata: readonly string[];
}

export interface Subgraph {
  readonly name: string;
  readonly place: string;
  readonly tensors: readonly Tensor[];
  /** Indices of tensors. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operators: readonly Operator[];
}

/** A value: its type and shape, and for a constant the buffer of its numbers. */
export interface Tensor {
  readonly index: number;
  readonly name: string;
  readonly place: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** The shape with -1 for free sizes; null if no size is free. */
  readonly signature: readonly number[] | null;
  readonly buffer: number;
  /** The scale of its integers; null if it has none. */
  readonly quantization: Quantization | null;
  /** Whether its value is kept from run to run. */
  readonly isVariable: boolean;
  readonly isSparse: boolean;
}

/** Floats are scale · (integer - zero point), with one scale for all or one per index along `axis`. */
export interface Quantization {
  readonly scales: readonly number[];
  readonly zeros: readonly number[];
  readonly axis: number;
}

export interface Operator {
  /** The schema's name, or a custom operator's own name. */
  readonly name: string;
  readonly isCustom: boolean;
  readonly version: number;
  /** Indices of tensors, -1 for an absent one. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Indices of its internal tensors, which only have scales. */
  readonly intermediates: readonly number[];
  readonly options: Table;
  readonly place: string;
}

/** Names for the inputs and outputs of a subgraph, by Keras or a tf.function. */
export interface Signature {
  readonly key: string;
  readonly subgraph: number;
  readonly inputs: ReadonlyMap<number, string>;
  readonly outputs: ReadonlyMap<number, string>;
}

/** @throws FormatError naming the field */
export function readModel(bytes: Uint8Array): Model {
  const root = Table.root(bytes, MODEL, "");
  const version = root.int("version");
  if (version !== 3)
    throw new FormatError(`expected 3, got ${version}`, "version");
  const codes = root
    .tables("operator_codes", OPERATOR_CODE)
    .map((code) => codeOf(code));
  const buffers = root
    .tables("buffers", BUFFER)
    .map((buffer) => dataOf(buffer, bytes));
  const subgraphs = root
    .tables("subgraphs", SUBGRAPH)
    .map((table) => subgraphOf(table, codes, buffers.length));
  if (!subgraphs.length)
    throw new FormatError("expected at least one, got none", "subgraphs");
  return {
    description: root.text("description") ?? "",
    subgraphs,
    buffers,
    signatures: root
      .tables("signature_defs", SIGNATURE)
      .map((table) => signatureOf(table, subgraphs)),
    metadata: root
      .tables("metadata", METADATA)
      .map((entry) => entry.text("name") ?? ""),
  };
}

interface Code {
  readonly name: string;
  readonly isCustom: boolean;
  readonly version: number;
}

/** The older field cannot hold codes above 126, and the newer one need not hold the others. */
function codeOf(code: Table<(typeof OPERATOR_CODE)[number]>): Code {
  const number = Math.max(
    code.byte("deprecated_builtin_code"),
    code.int("builtin_code"),
  );
  const name = operatorName(number);
  const version = code.int("version", 1);
  if (name !== "CUSTOM") return { name, isCustom: false, version };
  return { name: code.text("custom_code") ?? "", isCustom: true, version };
}

/** A buffer's data: in the buffer itself, or, in files above 2 GB, after the tables. */
function dataOf(
  buffer: Table<(typeof BUFFER)[number]>,
  bytes: Uint8Array,
): Uint8Array | null {
  const data = buffer.bytes("data");
  if (data?.length) return data;
  const [start, size] = [buffer.long("offset"), buffer.long("size")];
  if (start <= 1 || size <= 0) return null;
  if (start + size <= bytes.length) return bytes.subarray(start, start + size);
  throw new FormatError(
    `expected ${size} bytes at ${start}, got a file of ${bytes.length}`,
    buffer.place,
  );
}

function subgraphOf(
  table: Table<(typeof SUBGRAPH)[number]>,
  codes: readonly Code[],
  buffers: number,
): Subgraph {
  const tensors = table
    .tables("tensors", TENSOR)
    .map((tensor, index) => tensorOf(tensor, index, buffers));
  const { length } = tensors;
  return {
    name: table.text("name") ?? "",
    place: table.place,
    tensors,
    inputs: indices(table.ints("inputs"), 0, length, table.in("inputs")),
    outputs: indices(table.ints("outputs"), 0, length, table.in("outputs")),
    operators: table
      .tables("operators", OPERATOR)
      .map((operator) => operatorOf(operator, codes, length)),
  };
}

function tensorOf(
  table: Table<(typeof TENSOR)[number]>,
  index: number,
  buffers: number,
): Tensor {
  const name = table.text("name") ?? "";
  const type = TYPES[table.byte("type")];
  if (!type)
    throw new FormatError(
      `expected a known type, got ${table.byte("type")}`,
      table.in("type"),
    );
  const shape = table.ints("shape") ?? [];
  const signature = table.ints("shape_signature");
  const [buffer] = indices(
    [table.int("buffer")],
    0,
    Math.max(1, buffers),
    table.in("buffer"),
  ) as [number];
  return {
    index,
    name,
    place: name ? `tensor ${JSON.stringify(name)}` : table.place,
    type,
    shape: sizes(shape, 0, table.in("shape")),
    signature:
      signature?.length === shape.length && signature.includes(-1)
        ? sizes(signature, -1, table.in("shape_signature"))
        : null,
    buffer,
    quantization: quantizationOf(table),
    isVariable: table.bool("is_variable"),
    isSparse: table.has("sparsity"),
  };
}

function quantizationOf(
  tensor: Table<(typeof TENSOR)[number]>,
): Quantization | null {
  const table = tensor.table("quantization", QUANTIZATION);
  const scales = table?.floats("scale");
  if (!table || !scales?.length) return null;
  const zeros = table.longs("zero_point") ?? [];
  if (zeros.length > 1 && zeros.length !== scales.length)
    throw new FormatError(
      `expected ${scales.length} zero points, got ${zeros.length}`,
      table.in("zero_point"),
    );
  return {
    scales,
    zeros: scales.map((_, i) => zeros[zeros.length > 1 ? i : 0] ?? 0),
    axis: table.int("quantized_dimension"),
  };
}

function operatorOf(
  table: Table<(typeof OPERATOR)[number]>,
  codes: readonly Code[],
  tensors: number,
): Operator {
  const index = table.int("opcode_index");
  const code = codes[index];
  if (!code)
    throw new FormatError(
      `expected one of ${codes.length} operator codes, got ${index}`,
      table.in("opcode_index"),
    );
  const fields = code.isCustom ? [] : optionsOf(code.name);
  const list = (name: "inputs" | "outputs" | "intermediates") =>
    indices(
      table.ints(name),
      name === "outputs" ? 0 : -1,
      tensors,
      table.in(name),
    );
  return {
    ...code,
    inputs: list("inputs"),
    outputs: list("outputs"),
    intermediates: list("intermediates"),
    options: table.table("builtin_options", fields) ?? Table.none(fields),
    place: `${table.place} (${code.name})`,
  };
}

function signatureOf(
  table: Table<(typeof SIGNATURE)[number]>,
  subgraphs: readonly Subgraph[],
): Signature {
  const [subgraph] = indices(
    [table.int("subgraph_index")],
    0,
    subgraphs.length,
    table.in("subgraph_index"),
  ) as [number];
  const names = (field: "inputs" | "outputs") =>
    new Map(
      table
        .tables(field, TENSOR_MAP)
        .map((entry) => [entry.int("tensor_index"), entry.text("name") ?? ""]),
    );
  return {
    key: table.text("signature_key") ?? "",
    subgraph,
    inputs: names("inputs"),
    outputs: names("outputs"),
  };
}

/** @throws FormatError unless each index is from `least` to `count` - 1 */
function indices(
  list: readonly number[] | null,
  least: number,
  count: number,
  place: string,
): readonly number[] {
  const wrong = list?.find((index) => index < least || index >= count);
  if (wrong === undefined) return list ?? [];
  throw new FormatError(
    `expected numbers from ${least} to ${count - 1}, got ${wrong}`,
    place,
  );
}

function sizes(
  list: readonly number[],
  least: number,
  place: string,
): readonly number[] {
  const wrong = list.find((size) => size < least);
  if (wrong === undefined) return list;
  throw new FormatError(`expected sizes of at least 0, got ${wrong}`, place);
}
