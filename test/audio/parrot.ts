/* Voice activity of a network that can be told what it hears. */
import { expect } from "vitest";
import {
  type SpeechSegment,
  VoiceActivity,
  type VoiceActivityOptions,
} from "../../src/audio/index.js";
import { Linear, Sequential } from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";

/** A network whose word on a frame is that frame's first sample. */
export function parrot(frameSamples: number): Sequential {
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
export function soundOf(
  probabilities: readonly number[],
  size: number,
): Float32Array {
  const sound = new Float32Array(probabilities.length * size);
  probabilities.forEach((p, i) => {
    sound.fill(i, i * size, (i + 1) * size);
    sound[i * size] = p;
  });
  return sound;
}

export const speech = (frames: number) => Array<number>(frames).fill(0.9);
export const silence = (frames: number) => Array<number>(frames).fill(0.05);

export const make = (options: Partial<VoiceActivityOptions> = {}) =>
  new VoiceActivity({ model: parrot(512), ...options });

export function expectSame(got: SpeechSegment[], expected: SpeechSegment[]) {
  const times = (list: SpeechSegment[]) =>
    list.map(({ start, end }) => [start, end]);
  expect(times(got)).toEqual(times(expected));
  got.forEach(({ audio }, i) => expectSameBits(audio, expected[i]!.audio));
}

export async function all(source: AsyncIterable<SpeechSegment>) {
  const found: SpeechSegment[] = [];
  for await (const segment of source) found.push(segment);
  return found;
}
