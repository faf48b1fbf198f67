import { describe, expect, test } from "vitest";
import { splitLines, toGrey } from "../../src/tesseract/index.js";
import { boxesOf } from "../../src/tesseract/boxes.js";
import { Codes } from "../../src/tesseract/codes.js";
import { withDescent } from "../../src/tesseract/lines.js";
import { contrasted, scaled } from "../../src/tesseract/scale.js";
import { Random } from "../support/random.js";
import { expectRefusal } from "../support/refusals.js";

const grey = (width: number, height: number, data: Iterable<number>) => ({
  width,
  height,
  data: Uint8Array.from(data),
});

describe("toGrey", () => {
  test("luminance; what is transparent shows white", () => {
    const colours = [
      [255, 255, 255, 255],
      [0, 0, 0, 255],
      [255, 0, 0, 255],
      [0, 255, 0, 255],
      [0, 0, 255, 255],
      [0, 0, 0, 0],
      [0, 0, 0, 128],
    ];
    const data = Uint8Array.from(colours.flat());
    expect([...toGrey({ width: 7, height: 1, data }).data]).toEqual([
      255, 0, 76, 150, 29, 255, 127,
    ]);
  });

  test("refuses what has not four bytes a pixel", () => {
    expectRefusal([
      "RGB",
      () => toGrey({ width: 2, height: 1, data: new Uint8Array(6) }),
      RangeError,
      /^image\.data: expected 8 bytes for 2 × 1, got 6/,
    ]);
  });
});

describe("scaled", () => {
  const image = grey(13, 7, new Random(1).floats(91, 0, 255).map(Math.round));

  test("the same size is the same image", () => {
    expect([...scaled(image, 13, 7)]).toEqual([...image.data]);
  });

  test.each([
    [5, 3],
    [26, 21],
    [13, 36],
    [1, 1],
    [40, 2],
  ])("an even image stays even, %i × %i", (width, height) => {
    const even = scaled(
      grey(13, 7, new Uint8Array(91).fill(77)),
      width,
      height,
    );
    expect(even.length).toBe(width * height);
    for (const pixel of even) expect(pixel).toBeCloseTo(77, 3);
  });

  test("smaller: averages of what a pixel covers, parts of pixels too", () => {
    const row = grey(5, 1, [10, 20, 30, 40, 50]);
    const [a, b] = scaled(row, 2, 1);
    expect(a).toBeCloseTo((10 + 20 + 15) / 2.5, 4);
    expect(b).toBeCloseTo((15 + 40 + 50) / 2.5, 4);
    const mean = image.data.reduce((sum, pixel) => sum + pixel, 0) / 91;
    expect(scaled(image, 1, 1)[0]).toBeCloseTo(mean, 2);
  });

  test("larger: a line from pixel to pixel", () => {
    const row = grey(2, 1, [0, 100]);
    expect([...scaled(row, 4, 1)]).toEqual([0, 25, 75, 100]);
    const column = grey(1, 2, [0, 100]);
    expect([...scaled(column, 1, 4)]).toEqual([0, 25, 75, 100]);
  });
});

describe("contrasted", () => {
  test("black is the lower quartile of the middle row's minima, white the upper one of its maxima", () => {
    const middle = [200, 40, 210, 60, 220, 50, 230, 44, 200];
    const pixels = Float32Array.from([
      ...Array.from({ length: 9 }, () => 0),
      ...middle,
      ...Array.from({ length: 9 }, () => 255),
    ]);
    // minima 40 44 50 60 → 44; maxima 210 220 230 → 230
    const result = contrasted(pixels, 9, 3);
    expect(result[0]).toBe(-1);
    expect(result[26]).toBe(1);
    middle.forEach((pixel, x) => {
      const value = (pixel - 44) / 93 - 1;
      expect(result[9 + x]).toBeCloseTo(Math.max(-1, Math.min(1, value)), 5);
    });
  });

  test("0 and 255 where the row has neither minima nor maxima", () => {
    expect([...contrasted(Float32Array.of(0, 0, 255, 255), 4, 1)]).toEqual([
      -1, -1, 1, 1,
    ]);
  });
});

describe("boxesOf", () => {
  const columns = (text: string) => [...text].map((c) => (c === "#" ? 3 : 0));

  test("cuts between the characters, where there is no ink or least, and to it", () => {
    const sums = columns("..####.##..###..");
    const seen = [
      { text: "a", start: 3, end: 4 },
      { text: "b", start: 6, end: 7 }, // sure of it early
      { text: "c", start: 12, end: 13 },
    ];
    expect(boxesOf(seen, sums)).toEqual([
      { left: 2, right: 6 },
      { left: 7, right: 9 },
      { left: 11, right: 14 },
    ]);
    const touching = [3, 3, 3, 1, 3, 3];
    expect(
      boxesOf(
        [
          { text: "r", start: 1, end: 2 },
          { text: "n", start: 4, end: 5 },
        ],
        touching,
      ),
    ).toEqual([
      { left: 0, right: 3 },
      { left: 3, right: 6 },
    ]);
  });

  test("spaces have what is between, at the ends what is left", () => {
    const sums = columns("..##....##..");
    const at = (text: string, start: number) => ({
      text,
      start,
      end: start + 1,
    });
    expect(
      boxesOf(
        [
          at(" ", 0),
          at("a", 2),
          at(" ", 5),
          at(" ", 6),
          at("b", 8),
          at(" ", 11),
        ],
        sums,
      ),
    ).toEqual([
      { left: 0, right: 2 },
      { left: 2, right: 4 },
      { left: 4, right: 6 },
      { left: 6, right: 8 },
      { left: 8, right: 10 },
      { left: 10, right: 12 },
    ]);
    expect(boxesOf([], sums)).toEqual([]);
    expect(boxesOf([at(" ", 3)], sums)).toEqual([{ left: 0, right: 12 }]);
  });
});

describe("Codes", () => {
  // as Han has them: codes that are complete, and go on
  const codes = new Codes([
    { text: "x", codes: [1] },
    { text: "y", codes: [1, 2] },
    { text: "z", codes: [2, 3] },
    { text: "first", codes: [4] },
    { text: "second", codes: [4] },
    { text: "", codes: [5] },
  ]);
  const spell = (...labels: number[]) =>
    codes.spell(labels)?.map(({ text }) => text);

  test("the longest that lets the rest be spelled", () => {
    expect(spell(1, 2)).toEqual(["y"]);
    expect(spell(1, 1, 2, 1)).toEqual(["x", "y", "x"]);
    expect(spell(1, 2, 3)).toEqual(["x", "z"]);
    expect(spell(1, 2, 2, 3)).toEqual(["y", "z"]);
    expect(spell()).toEqual([]);
  });

  test("null for what spells nothing; with open the end may be unfinished", () => {
    expect(codes.spell([2])).toBeNull();
    expect(codes.spell([2, 1])).toBeNull();
    expect(codes.spell([9])).toBeNull();
    expect(codes.spell([1, 2], true)).toEqual([{ text: "y", labels: 2 }]);
    expect(codes.spell([1, 1, 2, 2], true)?.map(({ text }) => text)).toEqual([
      "x",
      "y",
    ]);
    expect(codes.spell([2, 2], true)).toBeNull();
  });

  test("the first of several with one code; of some nothing is printed", () => {
    expect(spell(4, 5, 1)).toEqual(["first", "x"]);
  });

  test("lines of any length", () => {
    expect(
      spell(...Array.from<number>({ length: 50_000 }).fill(1))?.length,
    ).toBe(50_000);
  });
});

describe("withDescent", () => {
  // rows of ink of a line whose letters stand in rows 4 to 14
  const capitals = [0, 0, 0, 0, ...Array.from<number>({ length: 10 }).fill(9)];
  const box = { left: 0, top: 4, right: 40, bottom: 14 };

  test("gives capitals the room of letters that go down", () =>
    expect(withDescent(box, capitals)).toEqual({ ...box, bottom: 17 }));

  test("leaves a line that has such letters as it is", () => {
    const rows = [...capitals, 2, 2, 1, 1];
    const whole = { ...box, bottom: 18 };
    expect(withDescent(whole, rows)).toEqual(whole);
  });

  test("does not reach into the next line, nor cuts anything off", () => {
    expect(withDescent(box, capitals, 15)).toEqual({ ...box, bottom: 15 });
    expect(withDescent(box, capitals, 13)).toEqual(box);
  });
});

describe("splitLines", () => {
  /** Rows as text: # ink. */
  const page = (...rows: string[]) => {
    const width = Math.max(...rows.map((row) => row.length));
    const pixels = rows.flatMap((row) =>
      [...row.padEnd(width)].map((c) => (c === "#" ? 0 : 255)),
    );
    return grey(width, rows.length, pixels);
  };
  const full = (count: number, row: string) =>
    Array.from<string>({ length: count }).fill(row);
  const boxes = (image: ReturnType<typeof grey>) =>
    splitLines(image).map(({ left, top, right, bottom }) => [
      left,
      top,
      right,
      bottom,
    ]);
  const text = full(10, "  ## ####  ");

  test("rows of ink with ground between, from the first column to the last", () => {
    const image = page(
      ...full(3, ""),
      ...text,
      ...full(4, ""),
      ...full(10, " ### ## ##"),
      ...full(2, ""),
    );
    expect(boxes(image)).toEqual([
      [2, 3, 9, 13],
      [1, 17, 10, 27],
    ]);
  });

  test("dots and accents are parts of the line below, rules and specks of none", () => {
    const accents = [...full(2, "  ##"), "", ...text];
    const image = page(
      ...accents,
      ...full(6, ""),
      ...full(2, "###########"),
      ...full(6, ""),
      ...text,
      ...full(5, ""),
      "     #",
      ...full(5, ""),
      ...text,
    );
    expect(boxes(image).map(([, top, , bottom]) => [top, bottom])).toEqual([
      [0, 13],
      [27, 37],
      [48, 58],
    ]);
  });

  test("lines that touch are cut where there is least ink", () => {
    const image = page(
      ...text,
      ...full(5, ""),
      ...text,
      "  ##",
      ...text,
      ...full(5, ""),
      ...text,
    );
    expect(boxes(image).map(([, top, , bottom]) => [top, bottom])).toEqual([
      [0, 10],
      [15, 25],
      [25, 36],
      [41, 51],
    ]);
  });

  test("nothing on an empty page", () => {
    expect(splitLines(page(...full(20, "          ")))).toEqual([]);
  });
});
