/*
 * Protobuf messages have no signature: which one a file is, the numbers and kinds of its outermost fields tell.
 * https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const BYTES = 2;

/** Of a field; the sizes of the two fixed kinds are known. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [1, 8],
  [5, 4],
]);

/** More than any of these messages has but a frozen graph, whose first say enough. */
const MAX_FIELDS = 1000;

/** ONNX's ModelProto: numbers of its fields, of integers and of all others. */
const ONNX_INTEGERS = [1, 5];
const ONNX_OTHERS = [2, 3, 4, 6, 7, 8, 14, 20, 25, 26];
const ONNX_GRAPH = 7;

/** "onnx", the name of another message, or null. */
export function recogniseProtobuf(file: Uint8Array): string | null {
  const fields = outermostFields(file);
  if (!fields?.length) return null;
  const all = (integers: readonly number[], others: readonly number[]) =>
    fields.every(({ number, kind }) =>
      (kind === VARINT ? integers : others).includes(number),
    );
  const has = (wanted: number, kind: number) =>
    fields.some((field) => field.number === wanted && field.kind === kind);
  if (all(ONNX_INTEGERS, ONNX_OTHERS) && has(ONNX_GRAPH, BYTES)) return "onnx";
  const convert = "; use the Keras or ONNX model it was made from";
  if (all([1], [2]) && has(1, VARINT) && has(2, BYTES))
    return `a TensorFlow SavedModel (.pb)${convert}`;
  if (all([3], [1, 2, 4]) && has(1, BYTES))
    return `a frozen TensorFlow graph (.pb)${convert}`;
  if (has(1, VARINT) && fields.some(({ number }) => number >= 200))
    return `a Core ML model${convert}`;
  return null;
}

interface Field {
  readonly number: number;
  readonly kind: number;
}

/** null when the bytes are no message; the last field may reach beyond the end of a file that was cut short. */
function outermostFields(file: Uint8Array): Field[] | null {
  const fields: Field[] = [];
  let at = 0;
  while (at < file.length && fields.length < MAX_FIELDS) {
    const tag = varint(file, at);
    if (!tag || tag.value < 8 || tag.value >= 2 ** 32) return null;
    const field = { number: Math.floor(tag.value / 8), kind: tag.value % 8 };
    fields.push(field);
    at = tag.end;
    if (field.kind === VARINT || field.kind === BYTES) {
      const number = varint(file, at);
      if (!number) return null;
      at = number.end + (field.kind === BYTES ? number.value : 0);
      continue;
    }
    const size = FIXED.get(field.kind);
    if (size === undefined) return null;
    at += size;
  }
  return fields;
}

/** Seven bits a byte, the least first; rounded above 2^53, which no length is. */
function varint(
  file: Uint8Array,
  start: number,
): { value: number; end: number } | null {
  let value = 0;
  for (let at = start; at < Math.min(start + 10, file.length); at++) {
    const byte = file[at] as number;
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return null;
}
