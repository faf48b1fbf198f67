/*
 * Writes .tflite files: from the schema, with lists of its own, so that a field that the reader takes for another one
 * is noticed. tools/tflite has TensorFlow Lite itself run them.
 */
import { Builder } from "flatbuffers";

/**
 * @typedef {"FLOAT32" | "FLOAT16" | "INT32" | "UINT8" | "INT64" | "STRING" | "BOOL" | "INT16" | "INT8" | "RESOURCE"
 *   | "INT4"} Type
 * @typedef {{ scale: number | number[], zero?: number | number[], axis?: number }} Scale
 * @typedef {object} TensorSpec
 * @property {string} name
 * @property {readonly number[]} shape
 * @property {Type} [type]
 * @property {readonly number[]} [data]
 * @property {Scale} [scale]
 * @property {boolean} [isVariable]
 * @property {readonly number[]} [signature]
 *
 * @typedef {object} OperatorSpec
 * @property {string} op
 * @property {readonly (string | null)[]} inputs
 * @property {readonly string[]} outputs
 * @property {Record<string, unknown>} [options]
 * @property {readonly string[]} [intermediates]
 *
 * @typedef {object} SubgraphSpec
 * @property {readonly TensorSpec[]} tensors
 * @property {readonly string[]} inputs
 * @property {readonly string[]} outputs
 * @property {readonly OperatorSpec[]} operators
 *
 * @typedef {object} ModelSpec
 * @property {readonly SubgraphSpec[]} subgraphs
 * @property {readonly { key: string, inputs: Record<string, string>, outputs: Record<string, string> }[]} [signatures]
 * @property {string} [description]
 */

const TYPES = {
  FLOAT32: 0,
  FLOAT16: 1,
  INT32: 2,
  UINT8: 3,
  INT64: 4,
  STRING: 5,
  BOOL: 6,
  INT16: 7,
  INT8: 9,
  RESOURCE: 13,
  INT4: 17,
};

/** @type {Record<string, number>} Codes of the operators that tests write. */
const CODES = {
  ADD: 0,
  AVERAGE_POOL_2D: 1,
  CONCATENATION: 2,
  CONV_2D: 3,
  DEPTHWISE_CONV_2D: 4,
  DEPTH_TO_SPACE: 5,
  DEQUANTIZE: 6,
  EMBEDDING_LOOKUP: 7,
  FLOOR: 8,
  FULLY_CONNECTED: 9,
  L2_NORMALIZATION: 11,
  L2_POOL_2D: 12,
  LOCAL_RESPONSE_NORMALIZATION: 13,
  LOGISTIC: 14,
  LSTM: 16,
  MAX_POOL_2D: 17,
  MUL: 18,
  RELU: 19,
  RELU_N1_TO_1: 20,
  RELU6: 21,
  RESHAPE: 22,
  RESIZE_BILINEAR: 23,
  RNN: 24,
  SOFTMAX: 25,
  SPACE_TO_DEPTH: 26,
  SVDF: 27,
  TANH: 28,
  CUSTOM: 32,
  PAD: 34,
  UNIDIRECTIONAL_SEQUENCE_RNN: 35,
  GATHER: 36,
  BATCH_TO_SPACE_ND: 37,
  SPACE_TO_BATCH_ND: 38,
  TRANSPOSE: 39,
  MEAN: 40,
  SUB: 41,
  DIV: 42,
  SQUEEZE: 43,
  UNIDIRECTIONAL_SEQUENCE_LSTM: 44,
  STRIDED_SLICE: 45,
  BIDIRECTIONAL_SEQUENCE_RNN: 46,
  EXP: 47,
  TOPK_V2: 48,
  SPLIT: 49,
  LOG_SOFTMAX: 50,
  BIDIRECTIONAL_SEQUENCE_LSTM: 52,
  CAST: 53,
  PRELU: 54,
  MAXIMUM: 55,
  ARG_MAX: 56,
  MINIMUM: 57,
  LESS: 58,
  NEG: 59,
  PADV2: 60,
  GREATER: 61,
  GREATER_EQUAL: 62,
  LESS_EQUAL: 63,
  SELECT: 64,
  SLICE: 65,
  SIN: 66,
  TRANSPOSE_CONV: 67,
  TILE: 69,
  EXPAND_DIMS: 70,
  EQUAL: 71,
  NOT_EQUAL: 72,
  LOG: 73,
  SUM: 74,
  SQRT: 75,
  RSQRT: 76,
  SHAPE: 77,
  POW: 78,
  ARG_MIN: 79,
  REDUCE_PROD: 81,
  REDUCE_MAX: 82,
  PACK: 83,
  LOGICAL_OR: 84,
  ONE_HOT: 85,
  LOGICAL_AND: 86,
  LOGICAL_NOT: 87,
  UNPACK: 88,
  REDUCE_MIN: 89,
  FLOOR_DIV: 90,
  REDUCE_ANY: 91,
  SQUARE: 92,
  ZEROS_LIKE: 93,
  FILL: 94,
  FLOOR_MOD: 95,
  RANGE: 96,
  RESIZE_NEAREST_NEIGHBOR: 97,
  LEAKY_RELU: 98,
  SQUARED_DIFFERENCE: 99,
  MIRROR_PAD: 100,
  ABS: 101,
  SPLIT_V: 102,
  CEIL: 104,
  REVERSE_V2: 105,
  ADD_N: 106,
  GATHER_ND: 107,
  COS: 108,
  WHERE: 109,
  RANK: 110,
  ELU: 111,
  REVERSE_SEQUENCE: 112,
  QUANTIZE: 114,
  ROUND: 116,
  HARD_SWISH: 117,
  IF: 118,
  WHILE: 119,
  SCATTER_ND: 122,
  SELECT_V2: 123,
  BATCH_MATMUL: 126,
  CUMSUM: 128,
  CALL_ONCE: 129,
  BROADCAST_TO: 130,
  RFFT2D: 131,
  REDUCE_ALL: 140,
  VAR_HANDLE: 142,
  READ_VARIABLE: 143,
  ASSIGN_VARIABLE: 144,
  GELU: 150,
  SIGN: 158,
};

const ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH"];
const FUSED = "act:fused_activation_function";
const POOL = [
  "pad:padding",
  "int:stride_w",
  "int:stride_h",
  "int:filter_width",
  "int:filter_height",
  FUSED,
];

/**
 * The tables of options: number of BuiltinOptions, and fields as KIND:NAME in the schema's order.
 *
 * @type {Record<string, readonly [number, ...string[]]>}
 */
const OPTIONS = {
  CONV_2D: [
    1,
    "pad:padding",
    "int:stride_w",
    "int:stride_h",
    FUSED,
    "int:dilation_w_factor",
    "int:dilation_h_factor",
  ],
  DEPTHWISE_CONV_2D: [
    2,
    "pad:padding",
    "int:stride_w",
    "int:stride_h",
    "int:depth_multiplier",
    FUSED,
    "int:dilation_w_factor",
    "int:dilation_h_factor",
  ],
  AVERAGE_POOL_2D: [5, ...POOL],
  MAX_POOL_2D: [5, ...POOL],
  L2_POOL_2D: [5, ...POOL],
  SVDF: [6, "int:rank", FUSED],
  RNN: [7, FUSED],
  FULLY_CONNECTED: [8, FUSED, "byte:weights_format", "bool:keep_num_dims"],
  SOFTMAX: [9, "float:beta"],
  CONCATENATION: [10, "int:axis", FUSED],
  ADD: [11, FUSED],
  L2_NORMALIZATION: [12, FUSED],
  LOCAL_RESPONSE_NORMALIZATION: [
    13,
    "int:radius",
    "float:bias",
    "float:alpha",
    "float:beta",
  ],
  LSTM: [14, FUSED, "float:cell_clip", "float:proj_clip", "byte:kernel_type"],
  RESIZE_BILINEAR: [
    15,
    "int:new_height",
    "int:new_width",
    "bool:align_corners",
    "bool:half_pixel_centers",
  ],
  RESHAPE: [17, "ints:new_shape"],
  SPACE_TO_DEPTH: [19, "int:block_size"],
  MUL: [21, FUSED],
  PAD: [22],
  GATHER: [23, "int:axis", "int:batch_dims"],
  BATCH_TO_SPACE_ND: [24],
  SPACE_TO_BATCH_ND: [25],
  TRANSPOSE: [26],
  MEAN: [27, "bool:keep_dims"],
  SUM: [27, "bool:keep_dims"],
  REDUCE_PROD: [27, "bool:keep_dims"],
  REDUCE_MAX: [27, "bool:keep_dims"],
  REDUCE_MIN: [27, "bool:keep_dims"],
  REDUCE_ANY: [27, "bool:keep_dims"],
  REDUCE_ALL: [27, "bool:keep_dims"],
  SUB: [28, FUSED],
  DIV: [29, FUSED],
  SQUEEZE: [30, "ints:squeeze_dims"],
  UNIDIRECTIONAL_SEQUENCE_RNN: [31, "bool:time_major", FUSED],
  STRIDED_SLICE: [
    32,
    "int:begin_mask",
    "int:end_mask",
    "int:ellipsis_mask",
    "int:new_axis_mask",
    "int:shrink_axis_mask",
    "bool:offset",
  ],
  EXP: [33],
  SPLIT: [35, "int:num_splits"],
  LOG_SOFTMAX: [36],
  CAST: [37, "type:in_data_type", "type:out_data_type"],
  ARG_MAX: [40, "type:output_type"],
  TRANSPOSE_CONV: [49, "pad:padding", "int:stride_w", "int:stride_h", FUSED],
  SHAPE: [55, "type:out_type"],
  ARG_MIN: [57, "type:output_type"],
  PACK: [59, "int:values_count", "int:axis"],
  ONE_HOT: [61, "int:axis"],
  UNPACK: [64, "int:num", "int:axis"],
  BIDIRECTIONAL_SEQUENCE_LSTM: [
    69,
    FUSED,
    "float:cell_clip",
    "float:proj_clip",
    "bool:merge_outputs",
    "bool:time_major",
  ],
  BIDIRECTIONAL_SEQUENCE_RNN: [
    70,
    "bool:time_major",
    FUSED,
    "bool:merge_outputs",
  ],
  UNIDIRECTIONAL_SEQUENCE_LSTM: [
    71,
    FUSED,
    "float:cell_clip",
    "float:proj_clip",
    "bool:time_major",
  ],
  RESIZE_NEAREST_NEIGHBOR: [
    74,
    "bool:align_corners",
    "bool:half_pixel_centers",
  ],
  LEAKY_RELU: [75, "float:alpha"],
  MIRROR_PAD: [77, "byte:mode"],
  SPLIT_V: [79, "int:num_splits"],
  REVERSE_SEQUENCE: [87, "int:seq_dim", "int:batch_dim"],
  IF: [92, "int:then_subgraph_index", "int:else_subgraph_index"],
  WHILE: [93, "int:cond_subgraph_index", "int:body_subgraph_index"],
  DEPTH_TO_SPACE: [94, "int:block_size"],
  BATCH_MATMUL: [101, "bool:adj_x", "bool:adj_y"],
  CUMSUM: [102, "bool:exclusive", "bool:reverse"],
  CALL_ONCE: [103, "int:init_subgraph_index"],
  VAR_HANDLE: [111, "text:container", "text:shared_name"],
  READ_VARIABLE: [112],
  ASSIGN_VARIABLE: [113],
  GELU: [116, "bool:approximate"],
};

/** @param {Type} type @param {readonly number[]} data */
function bytesOf(type, data) {
  const of = /** @type {const} */ ({
    FLOAT32: Float32Array,
    INT32: Int32Array,
    UINT8: Uint8Array,
    BOOL: Uint8Array,
    INT16: Int16Array,
    INT8: Int8Array,
  });
  if (type === "INT64")
    return new Uint8Array(BigInt64Array.from(data, BigInt).buffer);
  if (type === "FLOAT16") return new Uint8Array(halves(data).buffer);
  if (type === "INT4") {
    const bytes = new Uint8Array(Math.ceil(data.length / 2));
    data.forEach((n, i) => {
      bytes[i >> 1] = (bytes[i >> 1] ?? 0) | ((n & 15) << (i & 1 ? 4 : 0));
    });
    return bytes;
  }
  const Kind = of[/** @type {keyof typeof of} */ (type)];
  return new Uint8Array(Kind.from(data).buffer);
}

/** float16 of numbers that it holds exactly, or the nearest towards 0. @param {readonly number[]} data */
function halves(data) {
  return Uint16Array.from(data, (n) => {
    const bits = new Uint32Array(Float32Array.of(n).buffer)[0] ?? 0;
    const sign = (bits >>> 16) & 0x8000;
    const exponent = ((bits >>> 23) & 255) - 112;
    if (exponent <= 0) return sign;
    return sign | (exponent << 10) | ((bits >>> 13) & 0x3ff);
  });
}

/** @param {ModelSpec} spec @returns {Uint8Array} */
export function write({ subgraphs, signatures = [], description = "" }) {
  const b = new Builder(1024);
  /** @type {{ name: string, custom: boolean }[]} */
  const codes = [];
  /** @type {Uint8Array[]} */
  const buffers = [new Uint8Array()];

  /** @param {number[]} offsets */
  const offsetVector = (offsets) => {
    b.startVector(4, offsets.length, 4);
    for (const offset of [...offsets].reverse()) b.addOffset(offset);
    return b.endVector();
  };
  /** @param {readonly number[]} list */
  const intVector = (list) => {
    b.startVector(4, list.length, 4);
    for (const n of [...list].reverse()) b.addInt32(n);
    return b.endVector();
  };
  /** @param {readonly number[]} list */
  const floatVector = (list) => {
    b.startVector(4, list.length, 4);
    for (const n of [...list].reverse()) b.addFloat32(n);
    return b.endVector();
  };
  /** @param {readonly number[]} list */
  const longVector = (list) => {
    b.startVector(8, list.length, 8);
    for (const n of [...list].reverse()) b.addInt64(BigInt(n));
    return b.endVector();
  };
  /** @param {Uint8Array} bytes */
  const byteVector = (bytes) => {
    b.startVector(1, bytes.length, 16);
    for (const n of [...bytes].reverse()) b.addInt8((n << 24) >> 24);
    return b.endVector();
  };
  /** @param {number} count @param {() => void} fill */
  const table = (count, fill) => {
    b.startObject(count);
    fill();
    return b.endObject();
  };

  /** @param {TensorSpec} spec */
  const tensor = (spec) => {
    const { name, shape, type = "FLOAT32", data, scale, isVariable } = spec;
    const nameAt = b.createString(name);
    const shapeAt = intVector(shape);
    const signatureAt = spec.signature ? intVector(spec.signature) : 0;
    let scaleAt = 0;
    if (scale) {
      const list = [scale.scale].flat();
      const zeros = [scale.zero ?? list.map(() => 0)].flat();
      const [scales, points] = [floatVector(list), longVector(zeros)];
      scaleAt = table(7, () => {
        b.addFieldOffset(2, scales, 0);
        b.addFieldOffset(3, points, 0);
        b.addFieldInt32(6, scale.axis ?? 0, 0);
      });
    }
    let buffer = 0;
    if (data) buffer = buffers.push(bytesOf(type, data)) - 1;
    // the sentinel is for those that have no numbers; recurrent states have a buffer of their own
    return table(9, () => {
      b.addFieldOffset(0, shapeAt, 0);
      b.addFieldInt8(1, TYPES[type], 0);
      b.addFieldInt32(2, buffer, 0);
      b.addFieldOffset(3, nameAt, 0);
      if (scaleAt) b.addFieldOffset(4, scaleAt, 0);
      b.addFieldInt8(5, isVariable ? 1 : 0, 0);
      if (signatureAt) b.addFieldOffset(7, signatureAt, 0);
    });
  };

  /** @param {string} op @param {Record<string, unknown>} given */
  const options = (op, given) => {
    const [number, ...fields] = OPTIONS[op] ?? [0];
    if (!number) return { number, at: 0 };
    const offsets = fields.map((field) => {
      const [kind, name = ""] = field.split(":");
      const value = given[name];
      if (value === undefined) return 0;
      if (kind === "ints") return intVector(/** @type {number[]} */ (value));
      return kind === "text" ? b.createString(String(value)) : 0;
    });
    const at = table(fields.length, () =>
      fields.forEach((field, i) => {
        const [kind, name = ""] = field.split(":");
        const value = given[name];
        if (value === undefined) return;
        if (offsets[i]) b.addFieldOffset(i, offsets[i] ?? 0, 0);
        else if (kind === "int") b.addFieldInt32(i, Number(value), NaN);
        else if (kind === "float") b.addFieldFloat32(i, Number(value), NaN);
        else if (kind === "pad")
          b.addFieldInt8(i, value === "SAME" ? 0 : 1, NaN);
        else if (kind === "act")
          b.addFieldInt8(i, ACTIVATIONS.indexOf(String(value)), NaN);
        else if (kind === "type")
          b.addFieldInt8(i, TYPES[/** @type {Type} */ (value)], NaN);
        else b.addFieldInt8(i, Number(value), NaN);
      }),
    );
    return { number, at };
  };

  /** @param {OperatorSpec} spec @param {Map<string, number>} at */
  const operator = (spec, at) => {
    const { op, inputs, outputs, intermediates = [] } = spec;
    const custom = CODES[op] === undefined;
    let code = codes.findIndex(({ name }) => name === op);
    if (code < 0) code = codes.push({ name: op, custom }) - 1;
    const index = (/** @type {string | null} */ name) => {
      if (name === null) return -1;
      const found = at.get(name);
      if (found === undefined) throw new Error(`no tensor ${name}`);
      return found;
    };
    const inputsAt = intVector(inputs.map(index));
    const outputsAt = intVector(outputs.map(index));
    const insideAt = intVector(intermediates.map(index));
    const own = options(op, spec.options ?? {});
    return table(9, () => {
      b.addFieldInt32(0, code, 0);
      b.addFieldOffset(1, inputsAt, 0);
      b.addFieldOffset(2, outputsAt, 0);
      if (own.number) {
        b.addFieldInt8(3, own.number, 0);
        b.addFieldOffset(4, own.at, 0);
      }
      if (intermediates.length) b.addFieldOffset(8, insideAt, 0);
    });
  };

  const graphs = subgraphs.map((spec) => {
    const at = new Map(spec.tensors.map(({ name }, i) => [name, i]));
    const tensors = offsetVector(spec.tensors.map(tensor));
    const numbers = (/** @type {readonly string[]} */ names) =>
      intVector(names.map((name) => /** @type {number} */ (at.get(name))));
    const [inputs, outputs] = [numbers(spec.inputs), numbers(spec.outputs)];
    const operators = offsetVector(
      spec.operators.map((op) => operator(op, at)),
    );
    return table(5, () => {
      b.addFieldOffset(0, tensors, 0);
      b.addFieldOffset(1, inputs, 0);
      b.addFieldOffset(2, outputs, 0);
      b.addFieldOffset(3, operators, 0);
    });
  });

  const [main] = subgraphs;
  const maps = (/** @type {Record<string, string>} */ names) =>
    offsetVector(
      Object.entries(names).map(([alias, name]) => {
        const text = b.createString(alias);
        const tensorAt =
          main?.tensors.findIndex((each) => each.name === name) ?? 0;
        return table(2, () => {
          b.addFieldOffset(0, text, 0);
          b.addFieldInt32(1, tensorAt, 0);
        });
      }),
    );
  const signaturesAt = signatures.map(({ key, inputs, outputs }) => {
    const [ins, outs, name] = [
      maps(inputs),
      maps(outputs),
      b.createString(key),
    ];
    return table(5, () => {
      b.addFieldOffset(0, ins, 0);
      b.addFieldOffset(1, outs, 0);
      b.addFieldOffset(2, name, 0);
    });
  });

  const codesAt = offsetVector(
    codes.map(({ name, custom }) => {
      const text = custom ? b.createString(name) : 0;
      const code = custom ? 32 : /** @type {number} */ (CODES[name]);
      return table(4, () => {
        b.addFieldInt8(0, Math.min(code, 127), 0);
        if (text) b.addFieldOffset(1, text, 0);
        b.addFieldInt32(2, VERSIONS[name] ?? 1, 1);
        b.addFieldInt32(3, code, 0);
      });
    }),
  );
  const graphsAt = offsetVector(graphs);
  const buffersAt = offsetVector(
    buffers.map((bytes) => {
      const data = bytes.length ? byteVector(bytes) : 0;
      return table(1, () => data && b.addFieldOffset(0, data, 0));
    }),
  );
  const textAt = b.createString(description);
  const signatureVector = offsetVector(signaturesAt);
  const root = table(8, () => {
    b.addFieldInt32(0, 3, 0);
    b.addFieldOffset(1, codesAt, 0);
    b.addFieldOffset(2, graphsAt, 0);
    b.addFieldOffset(3, textAt, 0);
    b.addFieldOffset(4, buffersAt, 0);
    if (signaturesAt.length) b.addFieldOffset(7, signatureVector, 0);
  });
  b.finish(root, "TFL3");
  return b.asUint8Array().slice();
}

/** @type {Record<string, number>} Where 1 is not enough for what the files have. */
const VERSIONS = {
  FULLY_CONNECTED: 5,
  CONV_2D: 5,
  DEPTHWISE_CONV_2D: 6,
  TRANSPOSE_CONV: 3,
  LSTM: 1,
  BIDIRECTIONAL_SEQUENCE_LSTM: 2,
  BATCH_MATMUL: 4,
  QUANTIZE: 2,
  DEQUANTIZE: 3,
  STRIDED_SLICE: 4,
  ADD: 2,
  SUB: 2,
  MUL: 2,
  SOFTMAX: 2,
  LOGISTIC: 2,
  TANH: 2,
  MEAN: 2,
  SVDF: 3,
  PAD: 2,
  AVERAGE_POOL_2D: 2,
  MAX_POOL_2D: 2,
  UNIDIRECTIONAL_SEQUENCE_LSTM: 2,
  L2_NORMALIZATION: 2,
  CONCATENATION: 2,
  MAXIMUM: 2,
  MINIMUM: 2,
  RELU: 2,
  RELU6: 2,
  LEAKY_RELU: 2,
  GATHER: 5,
  BROADCAST_TO: 2,
};
