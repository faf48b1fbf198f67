import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type SpeechSegment, VoiceActivity } from "../../src/audio/index.js";
import { type Graph, load } from "../../src/formats/onnx/index.js";
import { readWav } from "../../src/cli/data/wav.js";

/*
 * Silero's own files, which are in npm's @ricky0123/vad-web: `cd bench/peers && npm ci`. What they are to say was written
 * by tools/make_speech.mjs, with vad-web's classes and onnxruntime-web.
 */

interface Expected {
  probabilities: number[];
  usual: { start: number; end: number; samples: number }[];
  quick: Expected["usual"];
}
const fixture = (name: string) =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const { models, quick } = JSON.parse(fixture("speech.json").toString()) as {
  models: Record<string, Expected>;
  quick: object;
};
const speech = readWav(fixture("speech.wav")).channels[0]!;
const file = (name: string) =>
  new URL(
    `../../bench/peers/node_modules/@ricky0123/vad-web/dist/silero_vad_${name}.onnx`,
    import.meta.url,
  );

describe.each(Object.entries(models))("Silero %s", (name, expected) => {
  const absent = !existsSync(file(name));
  let bytes: Uint8Array;
  let model: Graph;
  beforeAll(() => {
    if (absent) return;
    bytes = readFileSync(file(name));
    model = load(bytes).model;
  });
  const segments = async (options: object, samples = speech) => {
    const found: SpeechSegment[] = [];
    const vad = new VoiceActivity({ model, ...options });
    for await (const segment of vad.segments(samples)) found.push(segment);
    return found;
  };
  const told = (found: SpeechSegment[]) =>
    found.map(({ start, end, audio }) => ({
      start,
      end,
      samples: audio.length,
    }));

  test.skipIf(absent)(
    "frame for frame the probabilities, and the segments, of vad-web with onnxruntime-web",
    async () => {
      const heard: number[] = [];
      const found = await segments({
        model: bytes,
        onFrameProcessed: ({ isSpeech }: { isSpeech: number }) =>
          heard.push(isSpeech),
      });
      expect(heard).toHaveLength(expected.probabilities.length);
      const errors = heard.map((p, i) =>
        Math.abs(p - expected.probabilities[i]!),
      );
      expect(Math.max(...errors)).toBeLessThan(1e-4);
      expect(told(found)).toEqual(expected.usual);
    },
  );

  test.skipIf(absent)("with other options too, and from 48 kHz", async () => {
    expect(told(await segments(quick))).toEqual(expected.quick);
    const high = new Float32Array(3 * speech.length);
    for (let i = 0; i < high.length; i++) high[i] = speech[Math.floor(i / 3)]!;
    const found = await segments({ ...quick, sampleRate: 48_000 }, high);
    expect(told(found)).toEqual(expected.quick);
  });
});

test("the fixture has speech and silence for every model", () => {
  for (const { usual, quick: short } of Object.values(models)) {
    expect(usual).toHaveLength(2);
    expect(short.length).toBeGreaterThan(2);
  }
});
