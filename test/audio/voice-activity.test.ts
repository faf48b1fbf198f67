import { describe, expect, test } from "vitest";
import { type SpeechSegment, VoiceActivity } from "../../src/audio/index.js";
import { expectSameBits } from "../support/compare.js";
import { detector } from "../support/frame-models.js";
import { Random } from "../support/random.js";
import { all, expectSame, make, silence, soundOf, speech } from "./parrot.js";

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

  test("setOptions holds from the next frame on, in every stream under way", async () => {
    const told: string[] = [];
    let frames = 0;
    const vad = make({
      onFrameProcessed: () => void frames++,
      onSpeechEnd: ({ length }) => told.push(`end ${frames} ${length / 512}`),
      onVADMisfire: () => told.push(`misfire ${frames}`),
    });
    vad.process(soundOf([...speech(20), ...silence(5)], 512));
    vad.setOptions({ redemptionMs: 320, preSpeechPadMs: 64 });
    vad.process(soundOf(silence(40), 512));
    expect(told).toEqual(["end 30 30"]);
    // the new pad, and 0.5 is no speech any more
    vad.setOptions({ positiveSpeechThreshold: 0.6 });
    const doubtful = Array<number>(20).fill(0.5);
    vad.process(soundOf([...doubtful, ...speech(13), ...silence(10)], 512));
    expect(told).toEqual(["end 30 30", `end ${65 + 43} ${2 + 13 + 10}`]);

    const found = [];
    const source = (function* () {
      yield soundOf(speech(20), 512);
      vad.setOptions({ redemptionMs: 64 });
      yield soundOf(silence(4), 512);
    })();
    for await (const { end } of vad.segments(source)) found.push(end);
    expect(found).toEqual([22 * 32]);
  });

  test("setOptions that are refused change nothing", () => {
    const ends: number[] = [];
    const vad = make({ onSpeechEnd: ({ length }) => ends.push(length / 512) });
    for (const [update, text] of [
      [{ redemptionMs: -1 }, /^redemptionMs: /],
      [{ redemptionMs: 32, minSpeechMs: "1" }, /^minSpeechMs: /],
      [{ negativeSpeechThreshold: 0.9 }, /^negativeSpeechThreshold: /],
      [{ redemptionFrames: 8 }, /^update: .*"redemptionFrames"/],
      [null, /^update: /],
    ] as const)
      expect(() => vad.setOptions(update as never)).toThrow(text);
    vad.process(soundOf([...speech(20), ...silence(43)], 512));
    expect(ends).toEqual([63]);
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
