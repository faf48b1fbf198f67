import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CsvReader, csvText } from "../../src/cli/data/csv.js";
import { lineBlocks, numberText } from "../../src/data/lines.js";
import { readNpy, writeNpy } from "../../src/formats/numpy/npy.js";
import { readNpz, writeNpz } from "../../src/formats/numpy/npz.js";
import { readWav, writeWav } from "../../src/cli/data/wav.js";
import { FormatError } from "../../src/index.js";
import { Random } from "../support/random.js";

// The fixtures are NumPy's and Python's own: tools/make_array_files.py.
const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url));

describe(".npy", () => {
  const kinds =
    "le-f2 le-f4 le-f8 be-f4 be-f8 i1 le-i2 be-i4 le-i8 u1 le-u2 le-u4 le-u8";
  test.each(kinds.split(" "))("of NumPy: %s", (name) => {
    const { shape, data } = readNpy(fixture(`${name}.npy`));
    expect(shape).toEqual([2, 3]);
    expect([...data]).toEqual([0, 1, 2, 100, 50, 25]);
  });

  test("of NumPy: truth values, half floats, a scalar, column-major numbers", () => {
    expect([...readNpy(fixture("b1.npy")).data]).toEqual([0, 0, 1, 1, 1, 1]);
    const [tenth, , most, least, infinite, none] = readNpy(
      fixture("halves.npy"),
    ).data;
    expect(tenth).toBe(Math.fround(0.0999755859375));
    expect(most).toBe(65504);
    expect(least).toBe(2 ** -24);
    expect([infinite, none]).toEqual([Infinity, NaN]);
    expect(readNpy(fixture("scalar.npy"))).toEqual({
      shape: [],
      data: Float32Array.of(7),
    });
    const { shape, data } = readNpy(fixture("fortran.npy"));
    expect(shape).toEqual([2, 3, 4]);
    expect([...data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  test.each(["complex", "text", "object"])("of NumPy, refused: %s", (name) => {
    expect(() => readNpy(fixture(`${name}.npy`))).toThrow(
      /^descr: expected one of f2, .*, got '/,
    );
  });

  test("what is written is what NumPy writes, but for the order of spaces", () => {
    const read = readNpy(fixture("le-f4.npy"));
    const written = Buffer.from(writeNpy(read)).toString("latin1");
    const numpy = Buffer.from(fixture("le-f4.npy")).toString("latin1");
    expect(written).toBe(numpy);
  });

  test("of versions 2 and 3, whose header's length has 4 bytes", () => {
    const tensor = new Random(3).tensor([2, 3]);
    const first = Buffer.from(writeNpy(tensor));
    const rest = first.subarray(10);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(first.readUInt16LE(8));
    for (const major of [2, 3]) {
      const start = [...first.subarray(0, 6), major, 0];
      const file = Buffer.from([...start, ...length, ...rest]);
      expect(readNpy(file)).toEqual(tensor);
      expect(() => readNpy(file.subarray(0, 100))).toThrow(
        /^byte 8: expected a header of at most 88 bytes, got \d+$/,
      );
      // no header is longer, and none that is is searched
      file.writeUInt32LE(65_537, 8);
      const long = Buffer.concat([file, Buffer.alloc(70_000)]);
      expect(() => readNpy(long)).toThrow(
        "byte 8: expected a header of at most 65536 bytes, got 65537",
      );
    }
    for (const major of [0, 4]) {
      const file = Buffer.from(first);
      file[6] = major;
      expect(() => readNpy(file)).toThrow(
        `byte 6: expected version 1 to 3, got ${major}`,
      );
    }
  });

  test("a round trip keeps shape and bits", () => {
    const random = new Random(1);
    for (const shape of [[], [3], [2, 5], [2, 1, 4], [0, 3]]) {
      const tensor = random.tensor(shape);
      expect(readNpy(writeNpy(tensor))).toEqual(tensor);
    }
  });

  test("damaged: a FormatError, whatever happens to it", () => {
    const whole = writeNpy(new Random(2).tensor([3, 4]));
    const count = { read: 0, refused: 0 };
    const tryIt = (bytes: Uint8Array) => {
      try {
        readNpy(bytes);
        count.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        count.refused++;
      }
    };
    for (let length = 0; length < whole.length; length++)
      tryIt(whole.subarray(0, length));
    expect(count).toEqual({ read: 0, refused: whole.length });
    fc.assert(
      fc.property(fc.nat(127), fc.nat(255), (at, byte) => {
        const bytes = whole.slice();
        bytes[at] = byte;
        tryIt(bytes);
      }),
      { seed: 1, numRuns: 1000 },
    );
    const huge = Buffer.from(whole).toString("latin1");
    tryIt(Buffer.from(huge.replace("(3, 4)", "(9999999999, 9)"), "latin1"));
    expect(count.refused).toBeGreaterThan(whole.length + 100);
  });
});

test.each(["stored", "deflated"])(".npz of NumPy: %s", (name) => {
  const arrays = readNpz(fixture(`${name}.npz`));
  expect([...arrays.keys()]).toEqual(["input", "output"]);
  expect(arrays.get("input")?.shape).toEqual([2, 3]);
  expect([...(arrays.get("output")?.data ?? [])]).toEqual([0, 1, 2, 3]);
  expect(readNpz(writeNpz(arrays))).toEqual(arrays);
});

describe(".wav", () => {
  test.each([8, 16, 24, 32])("of Python's wave module: %i bits", (bits) => {
    const { sampleRate, channels } = readWav(fixture(`pcm${bits}.wav`));
    expect(sampleRate).toBe(44100);
    expect(channels.map((samples) => [...samples])).toEqual([
      [0, 0.5, -0.5, -1],
      [0, -0.5, 0.5, 0],
    ]);
  });

  test("a round trip keeps every bit", () => {
    const random = new Random(3);
    const audio = {
      sampleRate: 96_000,
      channels: [random.floats(77), random.floats(77)],
    };
    expect(readWav(writeWav(audio))).toEqual(audio);
  });

  test("floats of 64 bits, an extensible header, chunks that nobody knows, a length that a pipe could not know", () => {
    const chunk = (name: string, bytes: Uint8Array, length = bytes.length) => [
      ...Buffer.from(name),
      ...new Uint8Array(Uint32Array.of(length).buffer),
      ...bytes,
    ];
    const format = new Uint8Array(40);
    const view = new DataView(format.buffer);
    [0xfffe, 1].forEach((x, i) => view.setUint16(2 * i, x, true));
    view.setUint32(4, 8000, true);
    view.setUint16(14, 64, true);
    view.setUint16(24, 3, true);
    const samples = new Uint8Array(Float64Array.of(0.25, -3).buffer);
    const file = Uint8Array.from([
      ...chunk("RIFF", Buffer.from("WAVE"), 0xffffffff),
      ...chunk("LIST", Uint8Array.of(1, 2)),
      ...chunk("fmt ", format),
      ...chunk("data", samples, 0xffffffff),
    ]);
    expect(readWav(file)).toEqual({
      sampleRate: 8000,
      channels: [Float32Array.of(0.25, -3)],
    });
  });

  test("damaged: samples or a FormatError, whatever happens to it", () => {
    const whole = fixture("pcm16.wav");
    const count = { read: 0, refused: 0 };
    const tryIt = (bytes: Uint8Array) => {
      try {
        readWav(bytes);
        count.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        count.refused++;
      }
    };
    for (let length = 0; length < whole.length; length++)
      tryIt(whole.subarray(0, length));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Uint8Array.from(whole);
        bytes[at] = byte;
        tryIt(bytes);
      }),
      { seed: 1, numRuns: 1000 },
    );
    expect(count.refused).toBeGreaterThan(100);
    expect(count.read).toBeGreaterThan(100);
    expect(() => readWav(new Uint8Array(100))).toThrow(
      "byte 0: expected RIFF and WAVE, a WAV file",
    );
  });
});

describe("CSV", () => {
  const read = (text: string) => new CsvReader().read({ text, line: 1 });

  test("numbers as NumPy and pandas write them, a first line of names passed over", () => {
    expect([...read("a,b\n1, 2.5\n\n-3e-2,nan\r\ninf,-inf\n")]).toEqual(
      [1, 2.5, -0.03, NaN, Infinity, -Infinity].map(Math.fround),
    );
    expect([...read("nan\n1\n")]).toEqual([NaN, 1]);
    expect([...read('"1","2"\n')]).toEqual([1, 2]);
  });

  test.each([
    ["1,2\n3\n", "line 2: expected 2 numbers, got 1"],
    ["1,2\n3,x\n", 'line 2, column 2: expected a number, got "x"'],
    ["a,b\nc,d\n", 'line 2, column 1: expected a number, got "c"'],
    ["1,\n", 'line 1, column 2: expected a number, got ""'],
    ['1\n"2\n', "line 2: expected CSV, "],
    ["0x10,1\n2,3\n", 'line 1, column 1: expected a number, got "0x10"'],
    ["1\n1e400\n", 'expected a number within float32, got "1e400"'],
    ["1\n3.5e38\n", 'expected a number within float32, got "3.5e38"'],
    [
      "2024-01,1\n",
      'line 1, column 1: expected a number (--columns chooses which columns are read), got "2024-01"',
    ],
  ])("refused with the line: %j", (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(FormatError);
  });

  test.each<[string, string[] | undefined, number[], string[]]>([
    [
      "month,a,b\n1749-01,1,2\n1749-02,3,4\n",
      undefined,
      [1, 2, 3, 4],
      ["month"],
    ],
    ["a,day\n1,31/12/2024 08:00\n2,x\n", undefined, [1, 2], ["day"]],
    ["month,a,b\n1749-01,1,2\n1749-02,3,4\n", ["b"], [2, 4], []],
    ["month,a,b\n1749-01,1,2\n", ["b", "a"], [2, 1], []],
    ["x,1,2\n", ["3", "2"], [2, 1], []],
    ["2,1\n5,6\n", ["1"], [2, 5], []],
  ])("columns of %j: %j", (text, columns, expected, without) => {
    const leftOut: string[] = [];
    const reader = new CsvReader({
      columns,
      leftOut: (names) => leftOut.push(...names),
    });
    expect([...reader.read({ text, line: 1 })]).toEqual(expected);
    expect(leftOut).toEqual(without);
  });

  test.each([
    [
      "a,b\n1,2\n",
      "c",
      'columns: expected one of a, b, or a number from 1 to 2, got "c"',
    ],
    ["1,2\n", "3", 'columns: expected a number from 1 to 2, got "3"'],
  ])("a column that %j does not have is named: %s", (text, name, message) => {
    const reader = new CsvReader({ columns: [name] });
    expect(() => reader.read({ text, line: 1 })).toThrow(
      new FormatError(message),
    );
  });

  test("a round trip keeps every float32", () => {
    const numbers = fc.array(fc.float({ noDefaultInfinity: false }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(numbers, (given) => {
        const data = Float32Array.from(given);
        expect(read(csvText(data, 1)).map((x) => x + 0)).toEqual(
          data.map((x) => x + 0),
        );
      }),
      { seed: 1, numRuns: 500 },
    );
    expect(numberText(Math.fround(0.1))).toBe("0.100000001");
  });
});

describe("lines as they come", () => {
  async function blocks(chunks: Uint8Array[], longest?: number) {
    async function* each() {
      yield* chunks;
    }
    const found = [];
    for await (const block of lineBlocks(each(), longest)) found.push(block);
    return found;
  }

  test("however the bytes are cut, the lines are whole and in order", async () => {
    const text = "erste\nzweite: ä€😀\n\nletzte ohne Ende";
    const bytes = new TextEncoder().encode(text);
    for (let size = 1; size <= bytes.length; size++) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size)
        chunks.push(bytes.subarray(at, at + size));
      const found = await blocks(chunks);
      expect(found.map((block) => block.text).join("")).toBe(text);
      let before = "";
      for (const block of found) {
        expect(block.line).toBe(before.split("\n").length);
        before += block.text;
      }
      for (const block of found.slice(0, -1))
        expect(block.text.endsWith("\n")).toBe(true);
    }
  });

  test("what is not UTF-8, and a line without an end, are refused", async () => {
    await expect(
      blocks([Uint8Array.of(0x61, 0x0a, 0xff, 0x0a)]),
    ).rejects.toThrow("line 1 or later: expected UTF-8");
    const ones = new Uint8Array(100).fill(0x31);
    await expect(blocks([ones, ones], 150)).rejects.toThrow(
      "line 1: expected at most 150 characters",
    );
  });
});
