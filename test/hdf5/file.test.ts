import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { Budget } from "../../src/formats/budget.js";
import { Hdf5File, isHdf5 } from "../../src/formats/hdf5/file.js";
import { readFixture } from "../keras/files.js";

const open = (name: string, limit = 1e7) =>
  new Hdf5File(readFixture(name), new Budget(limit));

describe("an HDF5 file", () => {
  test("is known by its signature", () => {
    expect(isHdf5(readFixture("keras2-lstm.h5"))).toBe(true);
    expect(isHdf5(readFixture("keras3-lstm.keras"))).toBe(false);
    expect(isHdf5(new Uint8Array(4))).toBe(false);
  });

  test("has groups, by their paths", () => {
    const file = open("keras2-lstm.h5");
    expect(file.names("/")).toEqual(["model_weights"]);
    expect(file.names("/model_weights/lstm_7/lstm_7")).toEqual(["cell"]);
    expect(file.names("/model_weights/lstm_7/lstm_7/cell")).toEqual([
      "bias:0",
      "kernel:0",
      "recurrent_kernel:0",
    ]);
    for (const path of ["/none", "/model_weights/", "//", "/constructor"])
      expect(file.names(path)).toBeNull();
    const dataset = "/model_weights/lstm_7/lstm_7/cell/bias:0";
    expect(file.names(dataset)).toBeNull();
    expect(file.names(`${dataset}/more`)).toBeNull();
  });

  test.each([
    ["as h5py 3 writes them, of variable size", "keras2-lstm.h5"],
    ["as h5py 2 wrote them, of fixed size", "keras2-cudnn.h5"],
  ])("has texts %s", (_, name) => {
    const file = open(name);
    expect(file.text("/", "backend")).toBe("tensorflow");
    expect(JSON.parse(file.text("/", "model_config")!).class_name).toBe(
      "Sequential",
    );
    const layers = file.list("/model_weights", "layer_names")!;
    expect(layers.length).toBeGreaterThan(1);
    for (const layer of layers)
      expect(file.names(`/model_weights/${layer}`)).not.toBeNull();
    const top = "/model_weights/top_level_model_weights";
    expect(file.list(top, "weight_names")).toEqual([]);
    expect(file.text("/", "none")).toBeNull();
    expect(file.text("/none", "backend")).toBeNull();
    expect(() => file.list("/", "backend")).toThrow(
      "/: expected backend to be an array",
    );
    expect(() => file.text("/model_weights", "layer_names")).toThrow(
      "/model_weights: expected layer_names to be one text",
    );
  });

  /** The file with so many bytes changed, counted from the first place where it has these. */
  const changed = (
    name: string,
    near: number[],
    offset: number,
    ...bytes: number[]
  ) => {
    const file = Buffer.from(readFixture(name));
    const at = file.indexOf(Buffer.from(near));
    expect(at).toBeGreaterThan(0);
    file.set(bytes, at + offset);
    return new Hdf5File(file, new Budget(1e7));
  };

  test.each([0, 4])("refuses attributes of version %i", (version) => {
    const name = [...Buffer.from("backend\0")];
    const file = changed("keras2-lstm.h5", name, -8, version);
    expect(() => file.text("/", "backend")).toThrow(FormatError);
    expect(() => file.text("/", "backend")).toThrow(
      `expected an attribute, got version ${version}`,
    );
  });

  test("refuses a text that is longer than what the heap has of it", () => {
    // its size, and where it is: a heap and the number in there
    const file = Buffer.from(readFixture("keras2-lstm.h5"));
    const name = file.indexOf("backend\0");
    const size = file.indexOf(Buffer.from([10, 0, 0, 0]), name);
    const near = [...file.subarray(size, size + 16)];
    const damaged = changed("keras2-lstm.h5", near, 0, 200);
    expect(() => damaged.text("/", "backend")).toThrow(
      "expected 200 bytes in the heap",
    );
  });

  test("refuses a dataset of another size than its shape has", () => {
    const dataset = "/model_weights/lstm_7/lstm_7/cell/bias:0";
    const whole = open("keras2-lstm.h5").dataset(dataset)!;
    const size = whole.data.length * 4;
    const file = Buffer.from(readFixture("keras2-lstm.h5"));
    const first = Buffer.from(whole.data.buffer);
    const start = file.indexOf(first);
    const layout = Buffer.alloc(18);
    layout.set([3, 1]);
    layout.writeBigUInt64LE(BigInt(start), 2);
    layout.writeBigUInt64LE(BigInt(size), 10);
    const damaged = changed("keras2-lstm.h5", [...layout], 10, size + 4);
    expect(() => damaged.dataset(dataset)).toThrow(
      `expected ${size} bytes in a file of ${file.length}, got ${size + 4} from ${start} on`,
    );
  });

  test("knows floats by more than their size", () => {
    const file = readFixture("keras3-only.weights.h5");
    // float32: class 1 and version 1, little-endian, 4 bytes, …, an exponent of 8 bits
    const type = [0x11, 0x20, 0x1f, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23];
    const at = Buffer.from(file).indexOf(Uint8Array.from(type));
    expect(file[at + 13]).toBe(8);
    for (
      let i = at;
      i >= 0;
      i = Buffer.from(file).indexOf(Uint8Array.from(type), i + 1)
    )
      file[i + 13] = 7;
    const hdf5 = new Hdf5File(file, new Budget(1e7));
    expect(() => hdf5.dataset("/layers/dense/vars/0")).toThrow(
      "/layers/dense/vars/0: expected float16, 32 or 64, got <f4",
    );
  });

  test("has datasets of floats, as copies, paid from the budget", () => {
    const path = "/layers/dense/vars/0";
    const file = open("keras3-only.weights.h5", 40);
    const first = file.dataset(path)!;
    expect(first.shape).toEqual([4, 2]);
    first.data.fill(0);
    expect(() => file.dataset(path)).toThrow(
      `${path}: the file expands to more than 40 bytes`,
    );
    const again = open("keras3-only.weights.h5").dataset(path)!;
    expect(again.data.every((x) => x !== 0 && Math.abs(x) < 1)).toBe(true);
    expect(open("keras3-only.weights.h5").dataset("/layers")).toBeNull();
    expect(open("keras3-only.weights.h5").dataset("/layers/x")).toBeNull();
  });
});
