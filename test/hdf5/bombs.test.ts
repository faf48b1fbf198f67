import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { Budget } from "../../src/formats/budget.js";
import { Hdf5File } from "../../src/formats/hdf5/file.js";
import { readFixture } from "../keras/files.js";
import { processorTime } from "../support/fuzz.js";

/*
 * Files whose structures are each small and sound, and together would keep a trusting reader busy for hours. They are
 * h5py's own with one address changed: to what is built behind its end.
 */
const sound = readFixture("keras2-cudnn.h5");

/** Of the tree and the names of the root group, in its first message as h5py writes it without attributes. */
const weightsOnly = readFixture("keras3-only.weights.h5");
const TREE_OF_ROOT = 120;
const HEAP_OF_ROOT = 128;

/** The file with `size` bytes more, and what they are. */
function extended(
  file: Uint8Array,
  size: number,
  build: (view: DataView, start: number) => void,
): Uint8Array {
  const bytes = new Uint8Array(file.length + size);
  bytes.set(file);
  build(new DataView(bytes.buffer), file.length);
  return bytes;
}

function setText(view: DataView, at: number, text: string): void {
  for (let i = 0; i < text.length; i++)
    view.setUint8(at + i, text.charCodeAt(i));
}

const setNumber = (view: DataView, at: number, n: number) =>
  view.setBigUint64(at, BigInt(n), true);

/** A node of a group's tree: at level 0 the addresses are those of symbol tables. */
function setNode(
  view: DataView,
  at: number,
  level: number,
  addresses: readonly number[],
): void {
  setText(view, at, "TREE");
  view.setUint8(at + 5, level);
  view.setUint16(at + 6, addresses.length, true);
  addresses.forEach((address, i) => setNumber(view, at + 32 + 16 * i, address));
}

const sizeOfNode = (entries: number) => 24 + 8 + 16 * entries;

function expectRefusedSoon(file: Uint8Array, message: RegExp): void {
  let thrown: unknown;
  const time = processorTime(() => {
    try {
      const hdf5 = new Hdf5File(file, new Budget(1e7));
      hdf5.text("/", "model_config");
      hdf5.names("/layers/lstm/cell");
      hdf5.list("/model_weights", "layer_names");
    } catch (error) {
      thrown = error;
    }
  });
  expect(thrown).toBeInstanceOf(FormatError);
  expect((thrown as Error).message).toMatch(message);
  expect(time).toBeLessThan(3000);
}

describe("hostile HDF5 files", () => {
  test("the layout that these tests change", () => {
    const view = new DataView(weightsOnly.buffer);
    expect(view.getUint32(Number(view.getBigUint64(TREE_OF_ROOT, true)))).toBe(
      0x54524545,
    );
    expect(view.getUint32(Number(view.getBigUint64(HEAP_OF_ROOT, true)))).toBe(
      0x48454150,
    );
    const file = new Hdf5File(weightsOnly, new Budget(1e7));
    expect(file.names("/")).toEqual(["layers"]);
  });

  test("a tree whose nodes share their children: 200^12 leaves in 40 kB", () => {
    const levels = 12;
    const width = 200;
    const each = sizeOfNode(width);
    const file = extended(weightsOnly, levels * each, (view, start) => {
      setNumber(view, TREE_OF_ROOT, start);
      for (let i = 0; i < levels; i++) {
        const next = i + 1 < levels ? start + (i + 1) * each : 0;
        const level = levels - 1 - i;
        setNode(view, start + i * each, level, Array(width).fill(next));
      }
    });
    expectRefusedSoon(
      file,
      /^\/: expected a file that takes less time to read/,
    );
  });

  test("a tree that is its own child", () => {
    const file = extended(weightsOnly, sizeOfNode(2), (view, start) => {
      setNumber(view, TREE_OF_ROOT, start);
      setNode(view, start, 1, [start, start]);
    });
    expectRefusedSoon(file, /^\/: /);
  });

  test("one symbol table, as often as a node can name it", () => {
    const width = 65_535;
    const file = extended(weightsOnly, sizeOfNode(width), (view, start) => {
      const tree = Number(view.getBigUint64(TREE_OF_ROOT, true));
      const table = Number(view.getBigUint64(tree + 32, true));
      setNumber(view, TREE_OF_ROOT, start);
      setNode(view, start, 0, Array(width).fill(table));
    });
    expectRefusedSoon(
      file,
      /^\/: expected a file that takes less time to read/,
    );
  });

  test("names that are looked for in megabytes without an end", () => {
    const size = 4_000_000;
    const symbols = 65_000;
    const table = 8 + 40 * symbols;
    const file = extended(
      weightsOnly,
      32 + size + table + 100,
      (view, start) => {
        setNumber(view, HEAP_OF_ROOT, start);
        setText(view, start, "HEAP");
        setNumber(view, start + 8, size);
        setNumber(view, start + 24, start + 32);
        new Uint8Array(view.buffer, start + 32, size).fill(0x61);
        const symbolsAt = start + 32 + size;
        setText(view, symbolsAt, "SNOD");
        view.setUint16(symbolsAt + 6, symbols, true);
        const nodeAt = symbolsAt + table;
        setNumber(view, TREE_OF_ROOT, nodeAt);
        setNode(view, nodeAt, 0, [symbolsAt]);
      },
    );
    expectRefusedSoon(
      file,
      /^\/: expected a file that takes less time to read/,
    );
  });

  test("a header of version 2, which h5py writes only when it is told to", () => {
    const file = extended(weightsOnly, 64, (view, start) => {
      setNumber(view, 64, start); // the root's header
      setText(view, start, "OHDR");
    });
    expectRefusedSoon(
      file,
      /^\/: expected a file as h5py writes it by default/,
    );
  });

  test("texts that all are one, longer than the file allows", () => {
    // layer_names: two texts of 4 bytes become two of what the heap holds
    const at = Buffer.from(sound).indexOf("layer_names\0");
    expect(at).toBeGreaterThan(0);
    for (const [offset, value] of [
      [-4, 0xffff], // the size of the datatype
      [-2, 0xffff], // the size of the dataspace
      [16, 0xffffffff], // the datatype itself
    ] as const) {
      const file = extended(sound, 0, (view) => {
        const field = at + offset;
        if (offset < 0) view.setUint16(field, value, true);
        else view.setUint32(field + 4, value, true);
      });
      expectRefusedSoon(file, /^\/model_weights: /);
    }
  });

  test("a signature alone, and none", () => {
    expectRefusedSoon(sound.slice(0, 8), /^\/: /);
    expectRefusedSoon(sound.slice(0, 96), /^\/: /);
    expectRefusedSoon(new Uint8Array(), /^\/: expected an HDF5 file$/);
    expectRefusedSoon(new Uint8Array(1000), /^\/: expected an HDF5 file$/);
  });
});
