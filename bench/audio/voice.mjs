/**
 * Two detectors of speech on the same sound, frame by frame in turns; runs in Node and in pages.
 *
 * @typedef {{ onFrameProcessed(probabilities: { isSpeech: number }): void, onSpeechStart(): void, onSpeechEnd(audio: Float32Array): void }} Handlers
 * @typedef {{ process(frame: Float32Array): unknown, finish(): void }} Detector
 * @typedef {(handlers: Handlers) => Detector | Promise<Detector>} Open
 *
 * @typedef {object} Heard
 * @property {number} frame milliseconds, the median
 * @property {string[]} segments from their first frame up to their last, with the samples of their audio
 *
 * @typedef {{ ours: Heard, theirs: Heard, frames: number, difference: number }} Voices difference: of probabilities, the most
 */

/** Frames that are timed at once, so that the clocks of browsers resolve them. */
const BLOCK = 10;

/**
 * @param {Open} ours @param {Open} theirs @param {number} size samples of a frame @param {Float32Array} sound
 * @returns {Promise<Voices>}
 */
export async function compareVoices(ours, theirs, size, sound) {
  const both = [await opened(ours), await opened(theirs)];
  const count = Math.floor(sound.length / size);
  for (let block = 0; block < count; block += BLOCK)
    for (const one of both) {
      const end = Math.min(block + BLOCK, count);
      const frames = [];
      for (let i = block; i < end; i++)
        frames.push(sound.slice(i * size, (i + 1) * size));
      const started = performance.now();
      for (const frame of frames) await one.detector.process(frame);
      one.times.push((performance.now() - started) / frames.length);
    }
  const [first, second] = both.map((one) => {
    one.detector.finish();
    return one;
  });
  if (!first || !second) throw new Error("expected two detectors");
  const difference = first.probabilities.reduce(
    (most, p, i) =>
      Math.max(most, Math.abs(p - (second.probabilities[i] ?? 9))),
    0,
  );
  return {
    ours: { frame: median(first.times), segments: first.segments },
    theirs: { frame: median(second.times), segments: second.segments },
    frames: first.probabilities.length,
    difference,
  };
}

/** @param {Open} open */
async function opened(open) {
  /** @type {number[]} */
  const probabilities = [];
  /** @type {string[]} */
  const segments = [];
  let start = 0;
  const detector = await open({
    onFrameProcessed: ({ isSpeech }) => void probabilities.push(isSpeech),
    onSpeechStart: () => void (start = probabilities.length - 1),
    onSpeechEnd: ({ length }) =>
      void segments.push(`${start}-${probabilities.length} (${length})`),
  });
  /** @type {number[]} */
  const times = [];
  return { detector, probabilities, segments, times };
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
