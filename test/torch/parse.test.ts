import { describe, expect, test } from "vitest";
import { FormatError, parse } from "../../src/formats/torch/index.js";
import { readExpected, readable, readFixture } from "./files.js";
import {
  dictFile,
  numbers,
  op,
  pickle,
  storageAs,
  tensorAs,
  torchFile,
} from "./pickles.js";

describe("files by PyTorch 1.13", () => {
  test.each(readable)("%s", (name) => {
    const expected = readExpected(name);
    const { tensors, stateDict, ignored } = parse(readFixture(`${name}.pt`));
    expect(Object.keys(tensors)).toEqual(Object.keys(expected.dict));
    expect(tensors).toEqual(expected.dict);
    expect(stateDict).toBe(expected.state_dict);
    for (const integers of expected.integers)
      expect(ignored).toContainEqual(
        expect.stringMatching(`^${integers}: (u?int|bool|complex)\\d* \\[`),
      );
  });

  test("says what a checkpoint holds besides", () => {
    expect(parse(readFixture("checkpoint.pt")).ignored).toEqual([
      "epoch: 12",
      "optimizer_state_dict: the state of an optimizer",
      expect.stringMatching(/^scheduler: a dict of \d+$/),
      "loss: 0.25",
      "losses: a list of 3",
      "random: a tensor",
      "settings: a dict of 4",
    ]);
  });

  test("takes the state dict that is named, or nested ones at once", () => {
    const nested = readFixture("nested.pt");
    const all = Object.keys(parse(nested).tensors);
    expect(all).toContain("encoder.weight_ih_l0");
    const { tensors, ignored } = parse(nested, { stateDict: "decoder" });
    expect(all).toEqual(
      expect.arrayContaining(
        Object.keys(tensors).map((key) => `decoder.${key}`),
      ),
    );
    expect(ignored).toEqual(["encoder: a dict of 4", "step: 3"]);
    const checkpoint = readFixture("checkpoint.pt");
    const names = { stateDict: "model_state_dict.rnn" };
    expect(() => parse(checkpoint, names)).toThrow(RangeError);
    expect(() => parse(nested, { stateDict: "epoch" })).toThrow(
      'stateDict: expected a path in the file: encoder, decoder, step, got "epoch"',
    );
    expect(() => parse(nested, { stateDict: "step" })).toThrow(RangeError);
  });

  test("says what was changed", () => {
    const { converted } = parse(readFixture("views.pt"));
    expect(converted).toEqual([
      "strided to row by row: 8 (transposed, column, steps, window, cube, expanded, …)",
      "float16 to float32: 1 (half_transposed)",
    ]);
  });

  test("lists the modules of a state dict", () => {
    const { modules } = parse(readFixture("head.pt"));
    expect(modules).toEqual(["", "rnn", "head", "head.0", "head.1", "head.2"]);
  });

  test("gives tensors numbers of their own, also those that share a storage", () => {
    const { tensors } = parse(readFixture("views.pt"));
    tensors["base"]!.data.fill(9);
    expect(tensors["row"]!.data).toEqual(
      Float32Array.of(12, 13, 14, 15, 16, 17),
    );
  });

  test("reads a view of a larger buffer, and a Node.js Buffer", () => {
    const file = readFixture("lstm.pt");
    const larger = new Uint8Array(file.length + 10);
    larger.set(file, 3);
    const view = larger.subarray(3, 3 + file.length);
    expect(parse(view)).toEqual(parse(file));
    expect(parse(Buffer.from(view))).toEqual(parse(file));
    expect(parse(view.slice().buffer)).toEqual(parse(file));
  });

  test.each([null, "lstm.pt", [80, 75], new Float32Array(2)])(
    "takes bytes alone: %s",
    (value) => {
      expect(() => parse(value as never)).toThrow(TypeError);
    },
  );
});

describe("files by hand", () => {
  test("of names that objects have already", () => {
    const names = ["__proto__", "constructor", "toString", ""];
    const file = dictFile(
      Object.fromEntries(names.map((name) => [name, tensorAs()])),
    );
    const { tensors } = parse(file);
    expect(Object.keys(tensors)).toEqual(names);
    expect(Object.getPrototypeOf(tensors)).toBe(Object.prototype);
  });

  test("of number types of newer PyTorch", () => {
    const typed = (dtype: string, offset: number) => [
      ...op.global("torch._utils", "_rebuild_tensor_v3"),
      ...op.tuple(
        storageAs("UntypedStorage", "0", 24),
        op.int(offset),
        op.tuple(op.int(2)),
        op.tuple(op.int(2)),
        op.false,
        op.none,
        op.global("torch", dtype),
      ),
      ...op.call,
    ];
    const file = dictFile({ a: typed("float32", 1), b: typed("uint16", 0) });
    const { tensors, ignored } = parse(file);
    expect(tensors["a"]!.data).toEqual(Float32Array.of(2, 4));
    expect(ignored).toEqual(["b: uint16 [2]"]);
  });

  test.each([
    ["float64", 8],
    ["int64", 8],
    ["int32", 4],
    ["int16", 2],
    ["int8", 1],
    ["uint64", 8],
    ["uint32", 4],
    ["uint16", 2],
    ["uint8", 1],
    ["bool", 1],
    ["complex32", 4],
    ["complex64", 8],
    ["complex128", 16],
    ["float8_e4m3fn", 1],
    ["float8_e4m3fnuz", 1],
    ["float8_e5m2", 1],
    ["float8_e5m2fnuz", 1],
    ["float8_e8m0fnu", 1],
  ])("of %s fill a storage to its end, and no further", (dtype, size) => {
    const bytes = 48;
    const typed = (count: number) =>
      dictFile(
        {
          w: tensorAs({ count: 12 }),
          x: [
            ...op.global("torch._utils", "_rebuild_tensor_v3"),
            ...op.tuple(
              storageAs("UntypedStorage", "1", bytes),
              op.int(0),
              op.tuple(op.int(count)),
              op.tuple(op.int(1)),
              op.false,
              op.none,
              op.global("torch", dtype),
            ),
            ...op.call,
          ],
        },
        { 0: new Uint8Array(bytes), 1: new Uint8Array(bytes) },
      );
    const { tensors } = parse(typed(bytes / size));
    expect(tensors).toHaveProperty("w");
    expect(() => parse(typed(bytes / size + 1))).toThrow(FormatError);
  });

  test("of an ordered dict as Python 2 pickled it, of pairs", () => {
    const ordered = (...pairs: number[][]) =>
      torchFile(
        pickle(
          op.global("collections", "OrderedDict"),
          op.tuple(op.list(...pairs)),
          op.call,
        ),
      );
    const { tensors } = parse(
      ordered(
        op.list(op.text("a.weight"), tensorAs()),
        op.tuple(op.text("b.weight"), tensorAs({ shape: [6], strides: [1] })),
      ),
    );
    expect(tensors).toEqual({
      "a.weight": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      "b.weight": { shape: [6], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    });
    for (const pair of [
      op.list(op.text("w")),
      op.list(op.text("w"), tensorAs(), tensorAs()),
      op.list(op.int(0), tensorAs()),
    ])
      expect(() => parse(ordered(pair))).toThrow(
        "expected a pair of a name and a value",
      );
  });

  test("of modules beside tensors: one without parameters is told, one with a single one has it", () => {
    const activation = (
      name: string,
      ...parameters: [number[], number[]][]
    ) => [
      ...op.global("torch.nn.modules.activation", name),
      ...op.tuple(),
      0x81, // NEWOBJ
      ...op.dict(
        [op.text("_parameters"), op.dict(...parameters)],
        [op.text("_modules"), op.dict()],
      ),
      ...Buffer.from("b"), // BUILD
    ];
    const { tensors, ignored } = parse(
      dictFile({
        w: tensorAs(),
        act: activation("ReLU"),
        prelu: activation("PReLU", [op.text("weight"), tensorAs()]),
      }),
    );
    expect(Object.keys(tensors)).toEqual(["w", "prelu.weight"]);
    expect(ignored).toContainEqual(expect.stringMatching(/^act: .*ReLU/));
  });

  test("of a dict of no tensors that contains itself: it is told", () => {
    const self = [
      ...op.dict([op.text("epoch"), op.int(3)]),
      ...op.put(0),
      ...op.text("self"),
      ...op.get(0),
      ...Buffer.from("s"), // SETITEM
    ];
    const file = dictFile({ w: tensorAs(), settings: self });
    expect(parse(file).ignored).toEqual(["settings: a dict of 2"]);
  });

  test("of thousands of settings: a thousand are told, and how many more", () => {
    const settings = Array.from({ length: 1234 }, (_, i) => [
      `setting${i}`,
      op.int(i),
    ]);
    const file = dictFile({ w: tensorAs(), ...Object.fromEntries(settings) });
    const { ignored } = parse(file);
    expect(ignored.slice(-2)).toEqual(["setting999: 999", "and 234 more"]);
    expect(ignored.length).toBe(1001);
  });

  test("of names of up to 1000 characters", () => {
    const file = (length: number) =>
      dictFile({ ["n".repeat(length)]: tensorAs() });
    expect(Object.keys(parse(file(1000)).tensors)[0]).toHaveLength(1000);
    expect(() => parse(file(1001))).toThrow(
      "contents: expected names of at most 1000 characters, got 1001",
    );
  });

  test("of sets and bytes as protocol 2 has them", () => {
    const called = (module: string, name: string, ...args: number[][]) => [
      ...op.global(module, name),
      ...op.tuple(...args),
      ...op.call,
    ];
    const { tensors, ignored } = parse(
      dictFile({
        w: tensorAs(),
        set: called("__builtin__", "set", op.list(op.int(3), op.int(4))),
        frozen: called("__builtin__", "frozenset", op.list(op.int(1))),
        bytes: called("_codecs", "encode", op.text("abc"), op.text("latin1")),
      }),
    );
    expect(Object.keys(tensors)).toEqual(["w"]);
    expect(ignored).toEqual([
      "set: a set of 2",
      "frozen: a set of 1",
      "bytes: 3 bytes",
    ]);
    for (const [module, name] of [
      ["__builtin__", "set"],
      ["_codecs", "encode"],
    ] as const)
      expect(() =>
        parse(dictFile({ x: called(module, name, op.int(7)) })),
      ).toThrow(/expected (a list|text), got 7$/);
  });

  test("of tensors that are stored with another sign", () => {
    const negative = (version: string, ...dtype: number[][]) => [
      ...op.global("torch._utils", version),
      ...op.tuple(
        storageAs("FloatStorage", "0", 6),
        op.int(0),
        op.tuple(op.int(2)),
        op.tuple(op.int(1)),
        op.false,
        op.none,
        ...dtype,
        op.dict([op.text("neg"), [0x88]]),
      ),
      ...op.call,
    ];
    const float = op.global("torch", "float32");
    for (const tensor of [
      negative("_rebuild_tensor_v2"),
      negative("_rebuild_tensor_v3", float),
    ])
      expect(() => parse(dictFile({ w: tensor }))).toThrow(
        'expected a plain tensor, got one with "neg", which resolve_neg() removes',
      );
  });

  test("of a dict that contains itself", () => {
    const self = [
      ...op.dict([op.text("w"), tensorAs()]),
      ...op.put(0),
      ...op.text("self"),
      ...op.get(0),
      ..."s".split("").map((char) => char.charCodeAt(0)),
    ];
    expect(() => parse(torchFile(pickle(self)))).toThrow(
      "contents: nested more than 100 deep",
    );
  });

  test("deflated ones, of zeros too", () => {
    const zeros = dictFile(
      { w: tensorAs({ count: 10000, shape: [100, 100], strides: [100, 1] }) },
      { 0: new Uint8Array(40000) },
      9,
    );
    expect(zeros.length).toBeLessThan(2000);
    expect(parse(zeros).tensors["w"]!.data).toEqual(new Float32Array(10000));
  });

  test("with a wrong checksum when asked to", () => {
    const file = dictFile({ w: tensorAs() });
    const at = Buffer.from(file).indexOf(numbers(1, 2, 3, 4, 5, 6));
    file[at]! ^= 1;
    expect(() => parse(file)).toThrow(
      'entry "a/data/0": the checksum is wrong',
    );
    const { tensors } = parse(file, { checksums: false });
    expect(tensors["w"]!.data.slice(1)).toEqual(Float32Array.of(2, 3, 4, 5, 6));
  });

  test("expanded views up to the limit", () => {
    const view = { count: 6, shape: [50, 1000, 1000], strides: [0, 0, 1] };
    const wide = dictFile({ w: tensorAs({ ...view, shape: [50, 1000, 6] }) });
    expect(parse(wide).tensors["w"]!.data.slice(-6)).toEqual(
      Float32Array.of(1, 2, 3, 4, 5, 6),
    );
    expect(() => parse(wide, { maxBytes: 1_199_999 })).toThrow(
      'tensor "w": the file expands to more than 1199999 bytes, the limit; raise it with options.maxBytes',
    );
    const huge = dictFile({
      w: tensorAs({ ...view, strides: [0, 0, 0] }),
    });
    expect(() => parse(huge)).toThrow(/expands to more than \d+ bytes/);
  });
});
