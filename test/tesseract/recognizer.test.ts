import { describe, expect, test } from "vitest";
import { load } from "../../src/tesseract/index.js";
import { expectRefusal } from "../support/refusals.js";
import { CHARACTERS, make, traineddata } from "./writer.js";

/*
 * A script of our own: a glyph of class k has ink in its first and last row and in row k + 1 between, and is as wide as you
 * like. Its network is one layer made by hand, which sees a column at a time.
 */
const MARGIN = 4;
/** Of 12 rows of ink, with room for letters that go down, and margins. */
const ROWS = MARGIN + 12 + 4 + MARGIN;
const CLASSES = 8;
const BLANK = 7;

const weights = Array.from({ length: CLASSES }, (_, k) =>
  Array.from({ length: ROWS + 1 }, (__, row) => {
    if (k === BLANK) return row === MARGIN ? 10 : 0;
    return row === MARGIN + 1 + k ? -20 : 0;
  }),
).flat();
const file = traineddata({
  layers: make.series(
    make.input(1, ROWS),
    make.dense("Softmax", ROWS, CLASSES),
  ),
  characters: CHARACTERS,
  blank: BLANK,
  options: { weights: [weights], form: "float64" },
});
const { recognizer } = load(file);

interface Drawing {
  /** Columns of a glyph, and of ground behind it. */
  wide?: number;
  gap?: number;
  /** Of the line in the image. */
  left?: number;
  top?: number;
  ink?: number;
  ground?: number;
  /** Pixels changed afterwards: x and y from the line's corner, and the shade. */
  dots?: readonly (readonly [x: number, y: number, shade: number])[];
}

function draw(classes: readonly number[], given: Drawing = {}) {
  const { wide = 5, gap = 2, left = 9, top = 6 } = given;
  const { ink = 0, ground = 255, dots = [] } = given;
  const width = left + classes.length * (wide + gap) + 7;
  const height = top + 12 + 3;
  const data = new Uint8Array(width * height).fill(ground);
  classes.forEach((k, i) => {
    const from = left + i * (wide + gap);
    for (const y of [0, k + 1, 11])
      for (let x = from; x < from + wide; x++)
        data[(top + y) * width + x] = ink;
  });
  for (const [x, y, shade] of dots) data[(top + y) * width + left + x] = shade;
  return { width, height, data };
}

describe("recognize", () => {
  test("reads a line, each character with its place and how sure it is", () => {
    const line = draw([1, 2, 1, 2]);
    const { text, confidence, characters } = recognizer.recognize(line);
    expect(text).toBe("aéaé");
    expect(confidence).toBeGreaterThan(0.99);
    expect(characters.map((c) => c.text).join("")).toBe(text);
    expect(characters.map(({ left, right }) => [left, right])).toEqual([
      [9, 14],
      [16, 21],
      [23, 28],
      [30, 35],
    ]);
    for (const character of characters)
      expect(character.confidence).toBeGreaterThan(0.99);
  });

  test.each<[string, Drawing]>([
    ["white on black", { ink: 255, ground: 0 }],
    ["grey on grey", { ink: 90, ground: 170 }],
    ["light grey on dark", { ink: 180, ground: 60 }],
    ["at the image's edge", { left: 0, top: 0 }],
    ["in the middle of much ground", { left: 150, top: 90 }],
    [
      "with specks around",
      {
        left: 30,
        top: 30,
        dots: [
          [-20, -20, 0],
          [-9, 3, 0],
        ],
      },
    ],
    ["wide apart", { wide: 12, gap: 15 }],
    ["touching", { wide: 4, gap: 0 }],
  ])("%s", (_, drawing) => {
    expect(recognizer.recognize(draw([1, 2, 1, 2, 2, 1], drawing)).text).toBe(
      drawing.gap === 0 ? "aéaéa" : "aéaééa",
    );
  });

  test("a character of several codes is one, from the first to the last", () => {
    const line = draw([3, 4, 6, 1, 3, 4, 5]);
    const { text, characters } = recognizer.recognize(line);
    expect(text).toBe("하a한");
    expect(characters.map(({ left, right }) => [left, right])).toEqual([
      [9, 28],
      [30, 35],
      [37, 56],
    ]);
  });

  test("codes that spell nothing give way to the likeliest that spell something", () => {
    // the third glyph is an "a", and almost as much the last code of 한, without which 3 and 4 are nothing
    const dots = Array.from({ length: 5 }, (_, x) => [14 + x, 6, 12] as const);
    const line = draw([3, 4, 1], { dots });
    const { text, characters } = recognizer.recognize(line);
    expect(text).toBe("한a");
    expect(characters.length).toBe(2);
    // an end that is missing is made up where leaving out the rest is less likely still: that it is unsure says so
    const unfinished = recognizer.recognize(draw([1, 3, 4])).characters;
    expect(unfinished.map((c) => c.text)).toEqual(["a", "한"]);
    expect(unfinished[0]!.confidence).toBeGreaterThan(0.99);
    expect(unfinished[1]!.confidence).toBeLessThan(1e-3);
  });

  test.each([
    ["one pixel", { width: 1, height: 1, data: new Uint8Array(1) }],
    [
      "one shade",
      { width: 50, height: 20, data: new Uint8Array(1000).fill(128) },
    ],
    [
      "next to one shade",
      {
        width: 50,
        height: 20,
        data: new Uint8Array(1000).map((_, i) => 128 + (i % 7)),
      },
    ],
    [
      "specks alone",
      {
        width: 50,
        height: 20,
        data: new Uint8Array(1000).fill(255).fill(0, 333, 334),
      },
    ],
  ])("no text in %s", (_, image) => {
    expect(recognizer.recognize(image)).toEqual({
      text: "",
      confidence: 0,
      characters: [],
    });
    expect(recognizer.recognizePage(image)).toEqual({
      text: "",
      confidence: 0,
      lines: [],
    });
  });

  test("changes nothing of the image, and gives the same each time", () => {
    const line = draw([1, 2, 0, 1]);
    const before = line.data.slice();
    const once = recognizer.recognize(line);
    expect(recognizer.recognize(line)).toEqual(once);
    expect(line.data).toEqual(before);
    const clamped = { ...line, data: new Uint8ClampedArray(line.data) };
    expect(recognizer.recognize(clamped)).toEqual(once);
    const other = load(file).recognizer;
    expect(other.recognize(line)).toEqual(once);
    other.dispose();
    expect(() => other.recognize(line)).toThrow(/disposed/);
  });
});

describe("recognizePage", () => {
  test("reads line by line, each with its box", () => {
    const lines = [draw([1, 2]), draw([2, 2, 1]), draw([1])];
    const width = Math.max(...lines.map((line) => line.width));
    const rows = lines.flatMap((line) =>
      Array.from({ length: line.height }, (_, y) => {
        const row = new Uint8Array(width).fill(255);
        row.set(line.data.subarray(y * line.width, (y + 1) * line.width));
        // a bar in front, which reads as a space: without it rows of a glyph are apart
        if (y >= 6 && y < 18) row.fill(0, 1, 3);
        return row;
      }),
    );
    const data = Uint8Array.from(rows.flatMap((row) => [...row]));
    const page = { width, height: rows.length, data };
    const { text, lines: found, confidence } = recognizer.recognizePage(page);
    expect(text).toBe(" aé\n ééa\n a");
    expect(confidence).toBeGreaterThan(0.5);
    expect(
      found.map(({ left, top, right, bottom }) => [left, top, right, bottom]),
    ).toEqual([
      [1, 6, 21, 18],
      [1, 27, 28, 39],
      [1, 48, 14, 60],
    ]);
    expect(found[1]!.characters[3]).toMatchObject({
      text: "a",
      left: 23,
      right: 28,
    });
  });
});

describe("what is refused", () => {
  const line = draw([1]);
  const { width, height, data } = line;
  test.each([
    [
      "dictionaries",
      () => recognizer.recognize(line, { dictionary: true }),
      RangeError,
      /^dictionary: expected false, got true: a file's dictionaries are not read/,
    ],
    [
      "dictionaries of a page",
      () => recognizer.recognizePage(line, { dictionary: true }),
      RangeError,
      /^dictionary: /,
    ],
    [
      "dictionaries as text",
      () => recognizer.recognize(line, { dictionary: "no" as never }),
      TypeError,
      /^dictionary: /,
    ],
    [
      "a misspelt option",
      () => recognizer.recognize(line, { dictionaries: false } as never),
      RangeError,
      /^options: .*"dictionaries"/,
    ],
    [
      "no image",
      () => recognizer.recognize(undefined as never),
      TypeError,
      /^line: /,
    ],
    [
      "a file's name",
      () => recognizer.recognize("line.png" as never),
      TypeError,
      /^line: /,
    ],
    [
      "no width",
      () => recognizer.recognize({ height, data } as never),
      TypeError,
      /^line\.width: /,
    ],
    [
      "no height at all",
      () => recognizer.recognize({ width, height: 0, data }),
      RangeError,
      /^line\.height: /,
    ],
    [
      "half a pixel",
      () => recognizer.recognizePage({ width: 1.5, height, data }),
      RangeError,
      /^page\.width: /,
    ],
    [
      "a list of pixels",
      () => recognizer.recognize({ width, height, data: [...data] as never }),
      TypeError,
      /^line\.data: expected a Uint8Array/,
    ],
    [
      "pixels of 32 bits",
      () =>
        recognizer.recognize({
          width,
          height,
          data: new Uint8Array(4 * width * height),
        }),
      RangeError,
      /^line\.data: expected \d+ bytes for/,
    ],
  ] as const)("%s", (...refusal) => {
    expectRefusal(refusal);
  });
});
