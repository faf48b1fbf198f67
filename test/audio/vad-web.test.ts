/* Segments and frames beside those that vad-web made of the same numbers: fixtures/vad-web.json. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FrameAverage } from "../../src/audio/frame-average.js";
import { Segmenter } from "../../src/audio/segmenter.js";
import { Random } from "../support/random.js";

type Event = [number, string, number?, number?];
const { segments, rates } = JSON.parse(
  readFileSync(new URL("fixtures/vad-web.json", import.meta.url), "utf8"),
) as {
  segments: {
    milliseconds: number;
    options: object;
    probabilities: number[];
    events: Event[];
  }[];
  rates: { rate: number; size: number; input: number[]; frames: number[][] }[];
};

describe("what vad-web makes of the same probabilities", () => {
  test.each(segments.map((one, i) => [i, one] as const))(
    "case %i",
    (_, { milliseconds, options, probabilities, events }) => {
      const seen: Event[] = [];
      let at = 0;
      const segmenter = new Segmenter(
        options,
        {
          start: () => seen.push([at, "SPEECH_START"]),
          realStart: () => seen.push([at, "SPEECH_REAL_START"]),
          end: (audio) => {
            seen.push([at, "SPEECH_END", audio[0]!, audio.at(-1)!]);
            expect([...audio]).toEqual(
              Array.from(audio, (_x, i) => audio[0]! + i),
            );
          },
          misfire: () => seen.push([at, "VAD_MISFIRE"]),
        },
        1,
        milliseconds,
      );
      for (; at < probabilities.length; at++)
        segmenter.push(probabilities[at]!, Float32Array.of(at));
      segmenter.finish();
      expect(seen).toEqual(events);
    },
  );

  test("all kinds of events occur", () => {
    const names = segments.flatMap(({ events }) =>
      events.map(([, name]) => name),
    );
    expect([...new Set(names)].sort()).toEqual([
      "SPEECH_END",
      "SPEECH_REAL_START",
      "SPEECH_START",
      "VAD_MISFIRE",
    ]);
  });
});

test.each(rates)(
  "vad-web's frames from $rate Hz, whatever the blocks",
  ({ rate, size, input, frames }) => {
    const random = new Random(rate);
    const average = new FrameAverage(rate, 16_000, size);
    const samples = Float32Array.from(input);
    for (let round = 0; round < 2; round++) {
      const got: number[][] = [];
      for (let at = 0; at < samples.length;) {
        const n = random.integer(0, 3 * size);
        average.push(samples.subarray(at, at + n), (frame) =>
          got.push([...frame]),
        );
        at += n;
      }
      expect(got).toEqual(frames);
      average.reset();
    }
  },
);
