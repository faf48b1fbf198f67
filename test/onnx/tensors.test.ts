import { locationsIn } from "../../src/formats/onnx/external.js";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { FormatError } from "../../src/index.js";
import { modelBytes, type TensorSpec, type TypeName } from "./support/build.js";

/** The tensor as a file has it, through an Identity. */
function read(tensor: Omit<TensorSpec, "name">) {
  const { model } = load(
    modelBytes({
      nodes: [{ type: "Identity", inputs: ["t"], outputs: ["y"] }],
      outputs: [{ name: "y", dtype: null }],
      initializers: [{ ...tensor, name: "t" }],
    }),
  );
  return model.runner.compute([])[0]!;
}

const samples: Partial<
  Record<TypeName, [stored: (number | bigint)[], read: number[]]>
> = {
  float32: [
    [1.5, -2, 3e38],
    [1.5, -2, Math.fround(3e38)],
  ],
  float64: [
    [0.1, -2, 1e300],
    [Math.fround(0.1), -2, Infinity],
  ],
  float16: [
    [0x3c00, 0xc000, 0x0001],
    [1, -2, 2 ** -24],
  ],
  bfloat16: [
    [0x3f80, 0xc000, 0x7f80],
    [1, -2, Infinity],
  ],
  int8: [
    [-128, 127, 0],
    [-128, 127, 0],
  ],
  uint8: [
    [0, 255, 7],
    [0, 255, 7],
  ],
  int16: [
    [-32768, 32767, 0],
    [-32768, 32767, 0],
  ],
  uint16: [
    [0, 65535, 1],
    [0, 65535, 1],
  ],
  int32: [
    [-(2 ** 31), 2 ** 31 - 1, 0],
    [-(2 ** 31), 2 ** 31 - 1, 0],
  ],
  uint32: [
    [0, 2 ** 32 - 1, 1],
    [0, 2 ** 32 - 1, 1],
  ],
  int64: [
    [-(2 ** 53) + 1, 2 ** 53 - 1, -1],
    [-(2 ** 53) + 1, 2 ** 53 - 1, -1],
  ],
  uint64: [
    [0, 2 ** 53 - 1, 1],
    [0, 2 ** 53 - 1, 1],
  ],
  bool: [
    [0, 1, 1],
    [0, 1, 1],
  ],
};

const FLOATS = ["float32", "float64", "float16", "bfloat16"];

describe.each(Object.entries(samples))("a tensor of %s", (name, sample) => {
  const dtype = name as TypeName;
  const [data, expected] = sample;

  test.each([
    ["raw data", false],
    ["its typed field", true],
  ])("in %s", (_, typed) => {
    const value = read({ dtype, shape: [3], data, typed });
    expect([...value.data]).toEqual(expected);
    expect(value.shape).toEqual([3]);
    expect(value.dtype).toBe(FLOATS.includes(dtype) ? "float32" : dtype);
  });

  test("of too few or too many numbers is refused", () => {
    for (const typed of [false, true])
      for (const shape of [[2], [4], [2, 2], []])
        expect(() => read({ dtype, shape, data, typed })).toThrow(
          /^initializer "t": expected/,
        );
  });

  test("of no numbers, and of one without axes", () => {
    for (const typed of [false, true]) {
      expect(read({ dtype, shape: [0, 2], data: [], typed }).shape).toEqual([
        0, 2,
      ]);
      const one = read({ dtype, shape: [], data: data.slice(0, 1), typed });
      expect([...one.data]).toEqual(expected.slice(0, 1));
    }
  });
});

test("bits other than 0 are true", () => {
  const { data } = read({ dtype: "bool", shape: [3], data: [0, 2, 255] });
  expect([...data]).toEqual([0, 1, 1]);
});

describe("an int64", () => {
  test.each([2n ** 53n, -(2n ** 53n), 2n ** 62n, 2n ** 63n - 2n])(
    "of %s is refused",
    (value) => {
      for (const typed of [false, true]) {
        const make = () =>
          read({ dtype: "int64", shape: [1], data: [value], typed });
        expect(make).toThrow(FormatError);
        expect(make).toThrow(`less than 2^53, got ${value}`);
      }
    },
  );

  test("that is the largest or smallest means the end of a Slice", () => {
    const slice = (start: bigint, end: bigint, step: bigint) => {
      const one = (name: string, value: bigint) =>
        ({ name, dtype: "int64", shape: [1], data: [value] }) as const;
      const { model } = load(
        modelBytes({
          nodes: [
            {
              type: "Slice",
              inputs: ["x", "s", "e", "a", "p"],
              outputs: ["y"],
            },
          ],
          inputs: [{ name: "x", shape: [5] }],
          outputs: [{ name: "y" }],
          initializers: [
            one("s", start),
            one("e", end),
            one("a", 0n),
            one("p", step),
          ],
        }),
      );
      return [...model.run({ x: [1, 2, 3, 4, 5] }).y!.data];
    };
    const most = 2n ** 63n - 1n;
    expect(slice(1n, most, 1n)).toEqual([2, 3, 4, 5]);
    expect(slice(-2n, most, 1n)).toEqual([4, 5]);
    expect(slice(-1n, -most - 1n, -1n)).toEqual([5, 4, 3, 2, 1]);
    expect(slice(most, -most, -2n)).toEqual([5, 3, 1]);
    expect(slice(-most, 2n, 1n)).toEqual([1, 2]);
    expect(slice(1n, 4n, most)).toEqual([2]);
  });

  test("that is the largest is nothing to compute with", () => {
    const largest = {
      dtype: "int64",
      shape: [1],
      data: [2n ** 63n - 1n],
    } as const;
    const make = (node: object) => () =>
      load(
        modelBytes({
          nodes: [{ inputs: ["t", "t"], outputs: ["y"], type: "Add", ...node }],
          outputs: [{ name: "y" }],
          initializers: [{ ...largest, name: "t" }],
        }),
      );
    expect(make({})).toThrow(/^node "add" \(Add\): .*2\^53/);
    expect(
      make({ type: "Cast", inputs: ["t"], attributes: { to: 1 } }),
    ).toThrow(/^node "cast" \(Cast\): .*2\^53/);
  });
});

describe("data in another file", () => {
  const bytes = (
    external: TensorSpec["external"],
    shape = [2],
    data: number[] = [],
  ) =>
    modelBytes({
      nodes: [{ type: "Identity", inputs: ["t"], outputs: ["y"] }],
      outputs: [{ name: "y", dtype: null }],
      initializers: [{ name: "t", shape, data, ...(external && { external }) }],
    });
  const place = "weights.bin";
  const files = {
    [place]: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer),
  };
  const numbers = (external: TensorSpec["external"], shape?: number[]) => [
    ...load(bytes(external, shape), { files }).model.run({}).y!.data,
  ];

  test("are read, whole or where they lie in it", () => {
    expect(numbers(place, [2, 2])).toEqual([1, 2, 3, 4]);
    expect(numbers({ location: place, offset: "8" })).toEqual([3, 4]);
    expect(numbers({ location: place, offset: "4", length: "8" })).toEqual([
      2, 3,
    ]);
  });

  test("are not read where the model has them itself, whatever entries were left of another file", () => {
    const file = bytes(place, [2], [7, 8]);
    expect([...load(file).model.run({}).y!.data]).toEqual([7, 8]);
    expect(locationsIn(file)).toEqual([]);
    expect(locationsIn(bytes(place))).toEqual([place]);
  });

  test("are copied: what is written into the file later changes nothing", () => {
    const own = { [place]: new Float32Array([5, 6]).buffer };
    const { model } = load(bytes(place), { files: own });
    new Uint8Array(own[place]!).fill(0);
    expect([...model.run({}).y!.data]).toEqual([5, 6]);
  });

  test.each<[string, TensorSpec["external"], RegExp]>([
    ["one not given", "other", /"other".*options.files, got "weights.bin"/],
    ["one in a folder", "../../etc/passwd", /"..\/..\/etc\/passwd"/],
    ["an object's property", "__proto__", /"__proto__"/],
    ["a start behind the end", { location: place, offset: "17" }, /-1 from 17/],
    ["a start near 2^53", { location: place, offset: "9007199254740991" }, /./],
    ["a start past 2^53", { location: place, offset: "9007199254740993" }, /./],
    ["a start below 0", { location: place, offset: "-8" }, /offset.*"-8"/],
    ["a start of words", { location: place, offset: "0x8" }, /offset.*"0x8"/],
    ["too long a part", { location: place, length: "17" }, /17 from 0/],
    ["too short a part", { location: place, length: "4" }, /8 bytes.*got 4/],
    ["too long a rest", { location: place, offset: "4" }, /8 bytes.*got 12/],
    ["no location", {}, /file ""/],
  ])("are refused for %s", (_, external, expected) => {
    const make = () => load(bytes(external), { files });
    expect(make).toThrow(FormatError);
    expect(make).toThrow(/^initializer "t": /);
    expect(make).toThrow(expected);
  });

  test("are refused where none are given", () => {
    expect(() => load(bytes(place))).toThrow(FormatError);
    expect(() => load(bytes(place))).toThrow(/"weights.bin".*got no files/);
  });

  test("many times over are as much memory as options.maxBytes", () => {
    const initializers = Array.from({ length: 20 }, (_, i) => ({
      name: `t${i}`,
      dtype: "bool" as const,
      shape: [1000],
      data: [],
      external: place,
    }));
    const model = modelBytes({
      nodes: [{ type: "Not", inputs: ["t0"], outputs: ["y"] }],
      outputs: [{ name: "y" }],
      initializers,
    });
    const own = { files: { [place]: new Uint8Array(1000) } };
    load(model, { ...own, maxBytes: 160_000 });
    const make = () => load(model, { ...own, maxBytes: 159_999 });
    expect(make).toThrow(FormatError);
    expect(make).toThrow(/^initializer "t19": .*159999.*maxBytes/);
  });

  test("that are no bytes are the caller's mistake", () => {
    const make = (files: unknown) => () =>
      load(bytes(place), { files } as never);
    expect(make([])).toThrow(TypeError);
    expect(make({ [place]: "text" })).toThrow(TypeError);
    expect(make({ [place]: "text" })).toThrow(/files\["weights.bin"\]/);
  });
});

test("strings are refused", () => {
  const make = () => read({ dtype: "string", shape: [0], data: [] });
  expect(make).toThrow(FormatError);
  expect(make).toThrow(/^initializer "t": .*float32.*data type 8/);
});

test("shapes that no memory has are refused", () => {
  for (const shape of [[2 ** 40], [2 ** 30, 2 ** 30], [-1]])
    expect(() => read({ shape, data: [1] })).toThrow(/^initializer "t": /);
  const deep = Array.from({ length: 33 }, () => 1);
  expect(() => read({ shape: deep, data: [1] })).toThrow(/32 dimensions/);
});
