/*
 * NumPy's .npy:
 *
 *     \x93NUMPY  major minor  header's length, 2 bytes (major 1) or 4  {'descr': '<f4', …}\n  the numbers
 *
 * The header is a Python dict. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { message, shapeText } from "../../checks.js";
import { DTYPES } from "../../dtypes.js";
import { FormatError } from "../../errors.js";
import { sizeOf, type Tensor } from "../../tensor.js";

const MAGIC = "\x93NUMPY";
const LONGEST_HEADER = 65_536;

interface Kind {
  readonly size: number;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

/** A half is read as its float32. */
const HALF: Kind = {
  size: 2,
  read: (view, at, little) => {
    const bits = Uint16Array.of(view.getUint16(at, little));
    return DTYPES.get("F16")?.read(bits.buffer)[0] as number;
  },
};

/** By NumPy's letters. Complex numbers, texts and objects are no input of a network. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["f2", HALF],
  ["f4", { size: 4, read: (v, at, little) => v.getFloat32(at, little) }],
  ["f8", { size: 8, read: (v, at, little) => v.getFloat64(at, little) }],
  ["i1", { size: 1, read: (v, at) => v.getInt8(at) }],
  ["i2", { size: 2, read: (v, at, little) => v.getInt16(at, little) }],
  ["i4", { size: 4, read: (v, at, little) => v.getInt32(at, little) }],
  [
    "i8",
    { size: 8, read: (v, at, little) => Number(v.getBigInt64(at, little)) },
  ],
  ["u1", { size: 1, read: (v, at) => v.getUint8(at) }],
  ["u2", { size: 2, read: (v, at, little) => v.getUint16(at, little) }],
  ["u4", { size: 4, read: (v, at, little) => v.getUint32(at, little) }],
  [
    "u8",
    { size: 8, read: (v, at, little) => Number(v.getBigUint64(at, little)) },
  ],
  ["b1", { size: 1, read: (v, at) => (v.getUint8(at) ? 1 : 0) }],
]);

export function isNpy(file: Uint8Array): boolean {
  const bytes = Array.from(file.subarray(0, MAGIC.length));
  return String.fromCharCode(...bytes) === MAGIC;
}

/**
 * The array as float32, row-major.
 *
 * @throws FormatError for what is no array of numbers, or ends too early
 */
export function readNpy(file: Uint8Array): Tensor {
  const { header, start } = readHeader(file);
  const { kind, little } = readKind(header);
  const shape = readShape(header);
  const fortran = /'fortran_order':\s*True/.test(header);
  const count = sizeOf(shape);
  const bytes = file.length - start;
  if (count * kind.size !== bytes) {
    const expected = `${count * kind.size} bytes of numbers for shape ${shapeText(shape)}`;
    throw new FormatError(message("data", expected, `${bytes}`));
  }
  const view = new DataView(file.buffer, file.byteOffset + start, bytes);
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++)
    data[i] = kind.read(view, i * kind.size, little);
  return { shape, data: fortran ? rowMajor(data, shape) : data };
}

/** Version 1.0, little-endian float32. */
export function writeNpy({ shape, data }: Tensor): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  // the numbers start at a multiple of 64
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const header = `${dict.padEnd(start - 11)}\n`;
  const file = new Uint8Array(start + 4 * data.length);
  const view = new DataView(file.buffer);
  for (let i = 0; i < MAGIC.length; i++) file[i] = MAGIC.charCodeAt(i);
  file[6] = 1;
  view.setUint16(8, header.length, true);
  for (let i = 0; i < header.length; i++) file[10 + i] = header.charCodeAt(i);
  for (let i = 0; i < data.length; i++)
    view.setFloat32(start + 4 * i, data[i] as number, true);
  return file;
}

function readHeader(file: Uint8Array): { header: string; start: number } {
  const latin = (from: number, to: number) =>
    String.fromCharCode(...file.subarray(from, to));
  if (file.length < 12 || latin(0, 6) !== MAGIC)
    throw new FormatError("byte 0: expected \\x93NUMPY, an .npy file");
  const major = file[6] as number;
  if (major < 1 || major > 3)
    throw new FormatError(`byte 6: expected version 1 to 3, got ${major}`);
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const wide = major > 1;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (wide ? 12 : 10) + length;
  if (length > LONGEST_HEADER || start > file.length) {
    const most = Math.min(LONGEST_HEADER, file.length - (wide ? 12 : 10));
    throw new FormatError(
      `byte 8: expected a header of at most ${most} bytes, got ${length}`,
    );
  }
  return { header: latin(start - length, start), start };
}

function readKind(header: string): { kind: Kind; little: boolean } {
  const found = /'descr':\s*'([<>|=]?)([a-zA-Z]\d+)'/.exec(header);
  const kind = found ? KINDS.get(found[2] as string) : undefined;
  if (found && kind) return { kind, little: found[1] !== ">" };
  const got = /'descr':\s*(\S{1,40})/.exec(header)?.[1] ?? "none";
  const expected = `one of ${[...KINDS.keys()].join(", ")}`;
  throw new FormatError(message("descr", expected, got));
}

function readShape(header: string): number[] {
  const text = /'shape':\s*\(([\d\s,L]*)\)/.exec(header)?.[1];
  const shape = text?.match(/\d+/g)?.map(Number) ?? [];
  const size = sizeOf(shape);
  if (text !== undefined && size <= Number.MAX_SAFE_INTEGER) return shape;
  throw new FormatError(message("shape", "a tuple of integers", "another"));
}

/** Column-major numbers, the first axis running fastest, as row-major. */
function rowMajor(data: Float32Array, shape: readonly number[]): Float32Array {
  const transposed = new Float32Array(data.length);
  const index = shape.map(() => 0);
  for (let to = 0; to < data.length; to++) {
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--)
      from = from * (shape[axis] as number) + (index[axis] as number);
    transposed[to] = data[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return transposed;
}
