/**
 * Writes test/audio/fixtures/vad-web.json: what @ricky0123/vad-web makes of probabilities, and of samples at other rates.
 *
 *     (cd bench/peers && npm ci) && node tools/make_vad_cases.mjs
 */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

const root = new URL("../", import.meta.url);
const require = createRequire(new URL("bench/peers/package.json", root));
/** @type {(file: string) => any} */
const vadWeb = (file) => require(`@ricky0123/vad-web/${file}`);
const { FrameProcessor } = vadWeb("dist/frame-processor.js");
const { Resampler } = vadWeb("dist/resampler.js");
const { version } = vadWeb("package.json");

let state = 1;
/** The same numbers on every run, in [0, 1). */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

const DEFAULTS = {
  positiveSpeechThreshold: 0.3,
  negativeSpeechThreshold: 0.25,
  redemptionMs: 1400,
  preSpeechPadMs: 800,
  minSpeechMs: 400,
  submitUserSpeechOnPause: false,
};

/** Speech and silence in turn, with doubtful frames between. */
function probabilities() {
  const all = [];
  const longest = random() < 0.5 ? 20 : 80;
  while (all.length < 300) {
    const level = [0.02, 0.02, 0.27, 0.4, 0.9][Math.floor(random() * 5)] ?? 0;
    const length = 1 + Math.floor(random() ** 2 * longest);
    for (let i = 0; i < length; i++) {
      const p = level + 0.3 * (random() - 0.5);
      all.push(Number(Math.min(1, Math.max(0, p)).toFixed(3)));
    }
  }
  return all;
}

/**
 * What happens at which frame; of a segment's audio, frames that hold their own index, the first and the last.
 *
 * @param {object} options @param {number} milliseconds @param {readonly number[]} list
 */
async function eventsOf(options, milliseconds, list) {
  /** @type {unknown[]} */
  const events = [];
  let at = 0;
  const handle = (/** @type {any} */ { msg, audio }) => {
    if (msg === "FRAME_PROCESSED") return;
    events.push(audio ? [at, msg, audio[0], audio.at(-1)] : [at, msg]);
  };
  const processor = new FrameProcessor(
    (/** @type {Float32Array} */ [index]) => ({ isSpeech: list[index ?? -1] }),
    () => {},
    options,
    milliseconds,
  );
  processor.resume();
  for (; at < list.length; at++)
    await processor.process(Float32Array.of(at), handle);
  processor.endSegment(handle);
  return events;
}

const segments = [];
for (let i = 0; i < 24; i++) {
  const milliseconds = i % 2 ? 96 : 32;
  const options =
    i < 6
      ? {}
      : {
          positiveSpeechThreshold: Number((0.3 + 0.5 * random()).toFixed(2)),
          negativeSpeechThreshold: Number((0.3 * random()).toFixed(2)),
          redemptionMs: Math.floor(1500 * random() ** 2),
          preSpeechPadMs: Math.floor(1500 * random() ** 2),
          minSpeechMs: Math.floor(1000 * random() ** 2),
        };
  if (i === 10)
    Object.assign(options, {
      redemptionMs: 0,
      preSpeechPadMs: 0,
      minSpeechMs: 0,
    });
  const list = probabilities();
  const events = await eventsOf(
    { ...DEFAULTS, ...options },
    milliseconds,
    list,
  );
  segments.push({ milliseconds, options, probabilities: list, events });
}

const rates = [];
for (const [rate, size] of /** @type {const} */ ([
  [48_000, 16],
  [44_100, 16],
  [22_050, 32],
  [32_000, 16],
  [47_999, 16],
  [16_000, 16],
])) {
  const input = Array.from(
    { length: Math.floor((size * rate * 4.7) / 16_000) },
    () => Math.fround(Number((random() - 0.5).toFixed(3))),
  );
  const resampler = new Resampler({
    nativeSampleRate: rate,
    targetSampleRate: 16_000,
    targetFrameSize: size,
  });
  const frames = resampler
    .process(Float32Array.from(input))
    .map((/** @type {Float32Array} */ frame) => Array.from(frame));
  rates.push({
    rate,
    size,
    input: input.map((x) => Number(x.toFixed(3))),
    frames,
  });
}

await writeFile(
  new URL("test/audio/fixtures/vad-web.json", root),
  `${JSON.stringify({ made: `@ricky0123/vad-web ${version}`, segments, rates })}\n`,
);
