/*
 * Writes .tflite files: by schema.mjs. tools/tflite has TensorFlow Lite itself run them.
 */
import { Builder } from "flatbuffers";
import { ACTIVATIONS, CODES, OPTIONS, TYPES, VERSIONS } from "./schema.mjs";

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
