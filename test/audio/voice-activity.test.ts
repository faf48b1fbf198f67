import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FrameAverage } from "../../src/audio/frame-average.js";
import {
  FormatError,
  type SpeechSegment,
  VoiceActivity,
  type VoiceActivityOptions,
} from "../../src/audio/index.js";
import { Segmenter } from "../../src/audio/segmenter.js";
import { Linear, Sequential } from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { detector } from "../support/frame-models.js";
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

/** A network whose word on a frame is that frame's first sample. */
function parrot(frameSamples: number): Sequential {
  const linear = new Linear({
    inputSize: frameSamples,
    outputSize: 1,
    bias: false,
  });
  const weight = new Float32Array(frameSamples);
  weight[0] = 1;
  linear.loadStateDict({ weight: { shape: [1, frameSamples], data: weight } });
  return new Sequential([linear]);
}

/** Sound of frames that tell the parrot their probability and whose other samples are their index. */
function soundOf(probabilities: readonly number[], size: number): Float32Array {
  const sound = new Float32Array(probabilities.length * size);
  probabilities.forEach((p, i) => {
    sound.fill(i, i * size, (i + 1) * size);
    sound[i * size] = p;
  });
  return sound;
}

const speech = (frames: number) => Array<number>(frames).fill(0.9);
const silence = (frames: number) => Array<number>(frames).fill(0.05);
const make = (options: Partial<VoiceActivityOptions> = {}) =>
  new VoiceActivity({ model: parrot(512), ...options });
function expectSame(got: SpeechSegment[], expected: SpeechSegment[]) {
  const times = (list: SpeechSegment[]) =>
    list.map(({ start, end }) => [start, end]);
  expect(times(got)).toEqual(times(expected));
  got.forEach(({ audio }, i) => expectSameBits(audio, expected[i]!.audio));
}
async function all(source: AsyncIterable<SpeechSegment>) {
  const found: SpeechSegment[] = [];
  for await (const segment of source) found.push(segment);
  return found;
}

describe("VoiceActivity", () => {
  // 1400 ms are 43 frames of 32 ms, 800 are 25, 400 are 12
  const sound = soundOf(
    [
      ...silence(30),
      ...speech(20),
      ...silence(50),
      ...speech(3),
      ...silence(60),
      ...speech(15),
    ],
    512,
  );

  test("segments: when, and what was said, with the pad before it and the redemption behind", async () => {
    const [first, second, ...more] = await all(make().segments(sound));
    expect(more).toEqual([]);
    expect([first!.start, first!.end]).toEqual([30 * 32, (50 + 43) * 32]);
    expectSameBits(first!.audio, sound.slice((30 - 25) * 512, 93 * 512));
    // the short one at 100 is a misfire; the last one ends with the sound
    expect([second!.start, second!.end]).toEqual([163 * 32, 178 * 32]);
    // whose pad is what has come since the misfire
    expectSameBits(second!.audio, sound.slice(146 * 512));
  });

  test("any blocks give the same segments, and a segment comes when it has ended", async () => {
    const whole = await all(make().segments(sound));
    const random = new Random(5);
    let given = 0;
    async function* microphone() {
      while (given < sound.length) {
        const n = random.integer(0, 2000);
        yield sound.subarray(given, given + n);
        given += n;
      }
    }
    const found: SpeechSegment[] = [];
    for await (const segment of make().segments(microphone())) {
      if (!found.length) expect(given).toBeLessThan(94 * 512 + 2000);
      found.push(segment);
    }
    expectSame(found, whole);
  });

  test("process calls the handlers in order; frames are copies", () => {
    const told: string[] = [];
    const frames: Float32Array[] = [];
    const vad = make({
      onFrameProcessed: ({ isSpeech, notSpeech }, frame) => {
        expect(isSpeech + notSpeech).toBe(1);
        expect(frame[0]).toBe(isSpeech);
        frames.push(frame);
      },
      onSpeechStart: () => told.push(`start ${frames.length}`),
      onSpeechRealStart: () => told.push(`real ${frames.length}`),
      onSpeechEnd: (audio) => told.push(`end ${frames.length} ${audio.length}`),
      onVADMisfire: () => told.push(`misfire ${frames.length}`),
    });
    vad.process(sound.subarray(0, 100));
    vad.process(new Float32Array(0));
    vad.process(sound.subarray(100));
    expect(vad.speaking).toBe(true);
    vad.finish();
    expect(vad.speaking).toBe(false);
    expect(told).toEqual([
      "start 31",
      "real 42",
      `end 93 ${88 * 512}`,
      "start 101",
      "misfire 146",
      "start 164",
      "real 175",
      `end 178 ${32 * 512}`,
    ]);
    expect(frames).toHaveLength(178);
    expectSameBits(frames[3]!, sound.slice(3 * 512, 4 * 512));
  });

  test("pause drops what is under way, or ends it where it is told to", () => {
    for (const submitUserSpeechOnPause of [false, true]) {
      const ends: number[] = [];
      const vad = make({
        submitUserSpeechOnPause,
        onSpeechEnd: ({ length }) => ends.push(length),
      });
      vad.process(soundOf(speech(20), 512));
      vad.pause();
      expect(ends).toEqual(submitUserSpeechOnPause ? [20 * 512] : []);
      // and it begins anew
      vad.process(soundOf([...speech(13), ...silence(44)], 512));
      expect(ends.at(-1)).toBe(56 * 512);
    }
  });

  test("reset: as at the start, the model too", () => {
    const model = detector(512);
    const heard: number[] = [];
    const vad = new VoiceActivity({
      model,
      onFrameProcessed: ({ isSpeech }) => heard.push(isSpeech),
    });
    const noise = new Random(3).floats(512 * 4 + 100);
    vad.process(noise);
    vad.reset();
    vad.process(noise);
    expect(heard.slice(4)).toEqual(heard.slice(0, 4));
    const stream = model.stream();
    expect(heard.slice(0, 4)).toEqual([...stream.run(noise.subarray(0, 2048))]);
  });

  test("streams of one VoiceActivity do not meet", async () => {
    const vad = make();
    vad.process(soundOf(speech(20), 512));
    const one = vad.segments(sound);
    const other = vad.segments(sound);
    const expected = await all(make().segments(sound));
    const first = (await one.next()).value!;
    expectSame(await all(other), expected);
    expectSame([first, (await one.next()).value!], expected);
    expect(vad.speaking).toBe(true);
  });

  test.each([48_000, 32_000])(
    "at %i Hz the same segments",
    async (sampleRate) => {
      const times = sampleRate / 16_000;
      const high = new Float32Array(sound.length * times);
      for (let i = 0; i < high.length; i++)
        high[i] = sound[Math.floor(i / times)]!;
      const found = await all(make({ sampleRate }).segments(high));
      const expected = await all(make().segments(sound));
      expect(found.map(({ start, end }) => [start, end])).toEqual(
        expected.map(({ start, end }) => [start, end]),
      );
      expect(found[0]!.audio.length).toBe(expected[0]!.audio.length);
    },
  );

  test("at 44.1 kHz times are those of the samples that were given", async () => {
    // a frame takes 1412 samples, 32.02 ms
    const samples = new Float32Array(1412 * 100).fill(0.9);
    const [only] = await all(make({ sampleRate: 44_100 }).segments(samples));
    expect(only!.start).toBe(0);
    expect(only!.end).toBeCloseTo((1000 * 141_200) / 44_100, 9);
    expect(only!.audio).toHaveLength(51_200);
  });

  test("at 8 kHz samples are brought up to 16", async () => {
    const samples = new Float32Array(8_000 * 2).fill(0.9);
    const [only, ...more] = await all(
      make({ sampleRate: 8_000 }).segments(samples),
    );
    expect(more).toEqual([]);
    // the first frame begins before the resampler has anything to say
    expect([only!.start, only!.end]).toEqual([32, 62 * 32]);
  });

  test("a handler that throws costs no samples", () => {
    let frames = 0;
    let ends = 0;
    const vad = make({
      onFrameProcessed: () => {
        if (++frames === 3) throw new Error("mine");
      },
      onSpeechEnd: () => ends++,
    });
    expect(() => vad.process(sound)).toThrow("mine");
    expect(frames).toBe(178);
    expect(ends).toBe(1);
    vad.process(sound);
    expect(frames).toBe(2 * 178);
  });

  test("NaN in the sound: the frame is silence, and the next ones are as after a reset", () => {
    const model = detector(512);
    const heard: number[] = [];
    const vad = new VoiceActivity({
      model,
      onFrameProcessed: ({ isSpeech }) => heard.push(isSpeech),
    });
    const noise = new Random(4).floats(1024);
    vad.process(new Float32Array(512).fill(NaN));
    vad.process(noise);
    expect(heard[0]).toBe(0);
    expect(heard.slice(1)).toEqual([...model.stream().run(noise)]);
  });

  test("no samples: no segments, nothing stuck", async () => {
    expect(await all(make().segments([]))).toEqual([]);
    expect(await all(make().segments(new Float32Array(0)))).toEqual([]);
    const vad = make();
    vad.process(new Float32Array(0));
    vad.finish();
  });
});

describe("what is refused", () => {
  const model = parrot(512);
  test.each<[string, object, new (text: string) => Error, string]>([
    [
      "no options",
      undefined as never,
      TypeError,
      "options: expected an object, got undefined",
    ],
    [
      "no model",
      {},
      TypeError,
      "model: expected a model, or the bytes of one, got undefined",
    ],
    [
      "a misspelt option",
      { model, redemptionFrames: 3 },
      RangeError,
      "options: expected only onFrameProcessed",
    ],
    [
      "a threshold",
      { model, positiveSpeechThreshold: 1.5 },
      RangeError,
      "positiveSpeechThreshold: expected a number from 0 to 1, got 1.5",
    ],
    [
      "thresholds the wrong way round",
      { model, positiveSpeechThreshold: 0.2 },
      RangeError,
      "negativeSpeechThreshold: expected at most positiveSpeechThreshold, 0.2, got 0.25",
    ],
    [
      "a duration",
      { model, redemptionMs: -1 },
      RangeError,
      "redemptionMs: expected a number",
    ],
    [
      "a duration as text",
      { model, minSpeechMs: "400" },
      TypeError,
      "minSpeechMs: expected a number",
    ],
    [
      "a handler",
      { model, onSpeechEnd: "x" },
      TypeError,
      'onSpeechEnd: expected a function, got "x"',
    ],
    [
      "a rate",
      { model, sampleRate: 0 },
      RangeError,
      "sampleRate: expected a positive integer, got 0",
    ],
    [
      "a rate that is no number",
      { model, sampleRate: "16000" },
      TypeError,
      "sampleRate: expected a positive integer",
    ],
    [
      "no bytes",
      { model: new Uint8Array(0) },
      FormatError,
      "model: expected the bytes of a model, got none",
    ],
    [
      "bytes that are no model",
      { model: new TextEncoder().encode("RIFF....WAVEfmt ") },
      FormatError,
      "",
    ],
    [
      "a model of another kind",
      {
        model: new Sequential([new Linear({ inputSize: 512, outputSize: 2 })]),
      },
      RangeError,
      "model: expected 1 numbers for a frame, got 2",
    ],
  ])("%s", (_, options, Kind, text) => {
    let thrown: unknown;
    try {
      new VoiceActivity(options as VoiceActivityOptions);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Kind);
    expect((thrown as Error).message).toContain(text);
  });

  test("samples that are none, in process and from a source", async () => {
    const vad = make();
    expect(() => vad.process([0] as never)).toThrow(
      new TypeError(
        "samples: expected a Float32Array, got an array of length 1",
      ),
    );
    await expect(
      all(vad.segments([new Int16Array(3)] as never)),
    ).rejects.toThrow(TypeError);
    await expect(all(vad.segments(7 as never))).rejects.toThrow(
      /^source: expected /,
    );
  });

  test("a source that fails passes its error on", async () => {
    async function* broken() {
      yield new Float32Array(600);
      throw new Error("unplugged");
    }
    await expect(all(make().segments(broken()))).rejects.toThrow("unplugged");
  });

  test("listening to what is neither a stream nor a node, or where nothing is to be heard", async () => {
    await expect(make().listen({} as never)).rejects.toThrow(
      new TypeError(
        "source: expected a MediaStream or an AudioNode, got an object",
      ),
    );
    await expect(
      make().listen({ getAudioTracks: () => [] } as never),
    ).rejects.toThrow(
      new RangeError("source: expected an audio track, got none"),
    );
  });
});
