/** Tesseract's own files on rendered lines; what is not installed is skipped by name. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/tesseract/index.js";
import { debian, greyPng, npm } from "./files.js";

const given = new URL(
  "../../../shared/conformance/models/tesseract/",
  import.meta.url,
);
const lines = (
  existsSync(given)
    ? JSON.parse(readFileSync(new URL("lines.json", given), "utf8")).lines
    : []
) as { file: string; text: string; width: number }[];

describe.skipIf(!lines.length)("the 15 lines of ../shared", () => {
  const read = (bytes: Uint8Array) => {
    const { recognizer } = load(bytes);
    return lines.map(({ file }) =>
      recognizer.recognize(greyPng(new URL(file, given))),
    );
  };
  const wrong = (texts: readonly string[]) =>
    texts.filter((text, i) => text !== lines[i]!.text);

  const fast = debian("eng");
  test.skipIf(!fast)("Debian's eng.traineddata reads all of them", () => {
    const found = read(fast!);
    expect(wrong(found.map(({ text }) => text))).toEqual([]);
    found.forEach(({ text, confidence, characters }, i) => {
      expect(confidence, text).toBeGreaterThan(0.9);
      expect(characters.map((each) => each.text).join("")).toBe(text);
      let end = 0;
      for (const { left, right } of characters) {
        expect(left).toBeGreaterThanOrEqual(end);
        expect(right).toBeGreaterThanOrEqual(left);
        end = right;
      }
      expect(end).toBeLessThanOrEqual(lines[i]!.width);
    });
  });

  test.skipIf(!fast)("characters are where native Tesseract has them", () => {
    // makebox of line00.png
    const boxes = [
      ["T", 9, 24],
      ["h", 26, 38],
      ["e", 41, 54],
      [" ", 54, 65],
      ["l", 65, 68],
      ["i", 72, 75],
      ["b", 79, 92],
    ] as const;
    const [{ characters }] = read(fast!) as [ReturnType<typeof read>[0]];
    boxes.forEach(([text, left, right], i) => {
      const found = characters[i]!;
      expect(found.text).toBe(text);
      expect(Math.abs(found.left - left), text).toBeLessThanOrEqual(1);
      expect(Math.abs(found.right - right), text).toBeLessThanOrEqual(1);
    });
  });

  test.each(["4.0.0", "4.0.0_best_int"] as const)(
    "npm's %s reads all but the 2 that native Tesseract with it reads wrong",
    (variant) => {
      const bytes = npm(variant);
      if (!bytes)
        return console.log(
          `@tesseract.js-data/eng ${variant}: not installed, skipped`,
        );
      const texts = read(bytes).map(({ text }) => text);
      expect(wrong(texts).length).toBeLessThanOrEqual(2);
    },
  );
});

describe.each([
  ["deu", "Über den Wolken muß die Freiheit wohl grenzenlos sein."],
  ["fra", "Où est passé l'élève à côté du garçon en forêt ?"],
  ["kor", "오늘 아침에는 비가 내리고 바람이 불었다."],
  ["chi_sim", "今天早上下雨了，我们在家里读书。"],
  ["jpn", "今日は雨が降っているので家で本を読みます。"],
])("Debian's %s.traineddata", (language, text) => {
  const bytes = debian(language);
  test.skipIf(!bytes)("reads a line", () => {
    const { recognizer, report } = load(bytes!);
    const image = greyPng(new URL(`fixtures/${language}.png`, import.meta.url));
    const found = recognizer.recognize(image);
    const wrong = [...text].filter((c, i) => [...found.text][i] !== c);
    // jpn: 隆 for 降, which native Tesseract reads right
    expect(wrong.length, found.text).toBeLessThanOrEqual(
      language === "jpn" ? 1 : 0,
    );
    expect([...found.text].length).toBe([...text].length);
    expect(report.warnings).toEqual([]);
  });
});
