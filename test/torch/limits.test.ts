import { describe, expect, test } from "vitest";
import { FormatError, load, parse } from "../../src/formats/torch/index.js";
import { ascii, expectRefused, repeated } from "./damage.js";
import { readFixture } from "./files.js";
import {
  dictFile,
  legacyFile,
  op,
  pickle,
  tensorAs,
  type TensorFields,
  torchFile,
} from "./pickles.js";

describe("pickles that are large for their size", () => {
  test.each<[string, Uint8Array, string]>([
    ["lists", repeated(ascii("]"), 300_000), "more than 200000 lists"],
    ["dicts", repeated(ascii("}K\0Ns"), 1_200_000), "more than 200000 lists"],
    ["marks", repeated(ascii("("), 2000), "nested more than 1000 deep"],
    [
      "copies",
      repeated(ascii("2"), 2_100_000, ascii("N")),
      "more than 2000000 instructions",
    ],
    ["memos", repeated([0x94], 600_000, ascii("N")), "more than 500000 values"],
    ["integers", repeated([0x8a, 255], 1000), "byte"],
    [
      "lists in lists",
      Uint8Array.from([
        ...repeated(ascii("]"), 400),
        ...repeated(ascii("a"), 399),
        0x2e,
      ]),
      "contents: nested more than 100 deep",
    ],
    [
      "text",
      Uint8Array.from([...ascii("X"), 255, 255, 255, 255]),
      "expected at most 16777216 bytes of text, got 4294967295",
    ],
    [
      "bytes",
      Uint8Array.from([...ascii("B"), 255, 255, 255, 255]),
      "expected 4294967295 bytes, got 0",
    ],
    [
      "more bytes",
      Uint8Array.from([0x8e, ...repeated([255], 8)]),
      "is too large",
    ],
    [
      "an integer",
      Uint8Array.from([0x8b, 255, 255, 255, 255]),
      "expected an integer of at most 1024 bytes",
    ],
    [
      "a frame",
      Uint8Array.from([0x95, 9, 0, 0, 0, 0, 0, 0, 0, 0x4e]),
      "expected a frame of 9 bytes, got 1",
    ],
    [
      "a line",
      repeated(ascii("c"), 100_000),
      "expected a line of less than 4096 bytes",
    ],
    [
      "an index of the memo",
      Uint8Array.from(ascii("Np99999999999\n")),
      "expected an index of the memo",
    ],
    [
      "no values",
      Uint8Array.from(ascii(".")),
      "expected 1 value on the stack, got 0",
    ],
    [
      "values under a mark",
      Uint8Array.from(ascii("N(a.")),
      "expected 1 value on the stack, got 0",
    ],
    ["no mark", Uint8Array.from(ascii("Nt.")), "expected a mark on the stack"],
    [
      "a list as a key",
      Uint8Array.from(ascii("}]Ns.")),
      "expected a key, got a list of 0",
    ],
    [
      "a key alone",
      Uint8Array.from(ascii("(Nd.")),
      "expected a value for each key",
    ],
    [
      "no UTF-8",
      Uint8Array.from([...ascii("X"), 1, 0, 0, 0, 255]),
      "expected UTF-8",
    ],
  ])("%s", (_, data, message) => expectRefused(torchFile(data), message));

  test("dicts that hold two of the next each", () => {
    const parts = [...op.dict([op.text("w"), tensorAs()]), ...op.put(0)];
    for (let i = 0; i < 40; i++)
      parts.push(
        ...ascii("0"),
        ...op.dict([op.text("a"), op.get(i)], [op.text("b"), op.get(i)]),
        ...op.put(i + 1),
      );
    expectRefused(torchFile(pickle(parts)), "more than 1000000 entries");
  });

  test("thousands of tensors that each take all of a storage", () => {
    const numbersOf = new Uint8Array(4_000_000);
    const view = { count: 1e6, shape: [1000, 1000], strides: [1, 1000] };
    const tensors = Array.from({ length: 1000 }, (_, i) => [
      `w${i}`,
      tensorAs(view),
    ]);
    const file = dictFile(Object.fromEntries(tensors), { 0: numbersOf });
    expectRefused(file, "expands to more than");
  });
});

describe("tensors that view what is not there", () => {
  const views: [TensorFields, string][] = [
    [
      { shape: [2, 4] },
      "expected a view of 6 numbers, got [2, 4] with strides [3, 1] from 0",
    ],
    [{ offset: 1 }, "expected a view of 6 numbers"],
    [{ offset: -1 }, "expected an offset of at least 0, got -1"],
    [{ offset: 2n ** 62n }, "expected an offset of at least 0"],
    [{ strides: [-3, 1] }, "expected strides of at least 0"],
    [{ shape: [-2, 3] }, "expected sizes of at least 0"],
    [{ shape: [2n ** 62n, 3] }, "expected sizes of at least 0"],
    [
      { shape: [2n ** 50n, 2n ** 50n], strides: [0, 0] },
      "expected a tensor that fits in memory",
    ],
    [{ shape: [2 ** 30, 2 ** 20], strides: [0, 0] }, "expands to more than"],
    [
      { shape: [2] },
      "expected as many strides as sizes, at most 32, got 2 and 1",
    ],
    [
      { shape: Array(33).fill(1), strides: Array(33).fill(1) },
      "at most 32, got 33 and 33",
    ],
    [
      { count: 7 },
      'storage "0": expected 28 bytes for 7 numbers of torch.FloatStorage, got 24',
    ],
    [
      { type: "DoubleStorage" },
      'storage "0": expected 48 bytes for 6 numbers of torch.DoubleStorage, got 24',
    ],
    [{ key: "1" }, 'entry "a/data/1": the zip file has no such entry'],
    [
      { key: "../version" },
      'entry "a/data/../version": the zip file has no such entry',
    ],
    [
      { key: "__proto__" },
      'entry "a/data/__proto__": the zip file has no such entry',
    ],
  ];
  test.each(views)("%o", (fields, message) => {
    expectRefused(dictFile({ w: tensorAs(fields) }), message);
  });

  test("a storage of two types", () => {
    const file = dictFile({
      a: tensorAs(),
      b: tensorAs({ type: "IntStorage" }),
    });
    expectRefused(
      file,
      "expected 6 numbers of torch.FloatStorage as before, got 6 of torch.IntStorage",
    );
  });

  test("in the old form: keys that are missing, twice or unknown", () => {
    const dict = pickle(op.dict([op.text("w"), tensorAs()]));
    const { tensors } = parse(legacyFile(dict));
    expect(tensors["w"]!.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expectRefused(
      legacyFile(dict, { keys: [] }),
      /^byte \d+: expected the data of storage "0"$/,
    );
    const once = /^byte \d+: expected each storage's key once, got "\d"$/;
    expectRefused(legacyFile(dict, { keys: ["0", "0"] }), once);
    expectRefused(legacyFile(dict, { keys: ["0", "1"] }), once);
  });

  test("in the old form: numbers of the other byte order", () => {
    const dict = pickle(op.dict([op.text("w"), tensorAs()]));
    expectRefused(
      legacyFile(dict, { littleEndian: false }),
      /^byte \d+: expected little_endian numbers, got a dict of 1$/,
    );
  });

  test("in the old form: an end that is early or late", () => {
    const file = readFixture("old-lstm.pt");
    expectRefused(file.slice(0, -1), /^byte \d+: expected \d+ bytes, got \d+$/);
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    expectRefused(longer, "expected the end, got 1 bytes");
  });
});

test("weights that ask for a matrix that is not in the file allocate none", () => {
  const matrix = (rows: number, columns: number) =>
    tensorAs({ count: 1, shape: [rows, columns], strides: [0, 0] });
  const file = dictFile(
    { weight_ih_l0: matrix(400_000, 1), weight_hh_l0: matrix(4, 100_000) },
    { 0: new Uint8Array(4) },
  );
  expect(() => load(file)).toThrow(FormatError);
});
