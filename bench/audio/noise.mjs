/**
 * Noise suppression by gatewise and by onnxruntime-web, frame by frame in turns; runs in Node and in pages. onnxruntime runs
 * the models alone: what is around them, transforms and overlapping frames, is done by gatewise's Stft on both sides.
 *
 * @typedef {{ size: number, hop: number, window: "sqrt-hann" | "none" }} Frame
 * @typedef {{ ours: number, theirs: number, difference: number, frames: number }} Suppressed milliseconds a frame, the median; difference of the sound, the most
 */
import { median } from "./voice.mjs";

/** @type {Readonly<Record<string, Frame & { files: readonly string[] }>>} */
export const SUPPRESSIONS = {
  GTCRN: { files: ["gtcrn_simple"], size: 512, hop: 256, window: "sqrt-hann" },
  DTLN: {
    files: ["dtln_model_1", "dtln_model_2"],
    size: 512,
    hop: 128,
    window: "none",
  },
};

/** Frames that are timed at once. */
const BLOCK = 10;

/**
 * @param {any} audio gatewise/audio @param {any} ort @param {string} name @param {readonly Uint8Array[]} models
 * @param {Float32Array} sound
 * @returns {Promise<Suppressed>}
 */
export async function compareSuppressions(audio, ort, name, models, sound) {
  const settings = SUPPRESSIONS[name];
  if (!settings) throw new RangeError(`${name}: not known`);
  const { size, hop } = settings;
  const sessions = [];
  for (const bytes of models)
    sessions.push(await ort.InferenceSession.create(bytes.slice().buffer));
  const theirs = peer(audio, ort, sessions, settings);
  const own = new audio.NoiseSuppression({ model: models });
  const count = Math.floor(sound.length / hop);
  const a = new Float32Array(count * hop);
  const b = new Float32Array(count * hop);
  /** @type {number[]} */
  const oursTook = [];
  /** @type {number[]} */
  const theirsTook = [];
  for (let block = 0; block < count; block += BLOCK) {
    const end = Math.min(block + BLOCK, count);
    const part = (/** @type {Float32Array} */ of, /** @type {number} */ i) =>
      of.subarray(i * hop, (i + 1) * hop);
    let started = performance.now();
    for (let i = block; i < end; i++) own.process(part(sound, i), part(a, i));
    oursTook.push((performance.now() - started) / (end - block));
    started = performance.now();
    for (let i = block; i < end; i++) await theirs(part(sound, i), part(b, i));
    theirsTook.push((performance.now() - started) / (end - block));
  }
  // a frame's samples are complete with its last one, ours come a sample at a time
  const late = own.latency - (size - hop);
  let difference = 0;
  for (let i = 0; i + late < a.length; i++)
    difference = Math.max(
      difference,
      Math.abs(Number(a[i + late]) - Number(b[i])),
    );
  return {
    ours: median(oursTook),
    theirs: median(theirsTook),
    difference,
    frames: count,
  };
}

/**
 * The models in onnxruntime: hop samples → hop samples.
 *
 * @param {any} audio @param {any} ort @param {readonly any[]} sessions @param {Frame} settings
 */
function peer({ Frames, Stft }, ort, sessions, { size, hop, window }) {
  const frames = new Frames({ size, hop });
  const stft = new Stft({ size, hop, window });
  const spectrum = new Float32Array(size + 2);
  const runs = sessions.map((session) => stepper(ort, session));
  const whole = new Stft({ size, hop: size, window: "none" });
  const frame = new Float32Array(size);
  const sum = new Float32Array(size);

  const gtcrn = async (/** @type {Float32Array} */ out) => {
    stft.analyze(frame, spectrum);
    stft.synthesize(await runs[0]?.(spectrum), out);
  };
  const dtln = async (/** @type {Float32Array} */ out) => {
    whole.analyze(frame, spectrum);
    const magnitudes = Float32Array.from({ length: size / 2 + 1 }, (_, k) =>
      Math.hypot(Number(spectrum[2 * k]), Number(spectrum[2 * k + 1])),
    );
    const mask = await runs[0]?.(magnitudes);
    for (let i = 0; i < spectrum.length; i++)
      spectrum[i] = Number(spectrum[i]) * mask[i >> 1];
    whole.synthesize(spectrum, frame);
    const voice = await runs[1]?.(frame);
    for (let i = 0; i < size; i++) sum[i] = Number(sum[i]) + voice[i];
    out.set(sum.subarray(0, hop));
    sum.copyWithin(0, hop);
    sum.fill(0, size - hop);
  };
  const run = sessions.length === 1 ? gtcrn : dtln;
  return async (
    /** @type {Float32Array} */ samples,
    /** @type {Float32Array} */ out,
  ) => {
    frames.push(samples, (/** @type {Float32Array} */ one) => frame.set(one));
    await run(out);
  };
}

/** A session whose outputs behind the first come back as its inputs behind the first. @param {any} ort @param {any} session */
function stepper(ort, session) {
  const { inputNames, outputNames, inputMetadata } = session;
  const shapes = inputMetadata.map((/** @type {any} */ { shape }) => shape);
  const tensor = (
    /** @type {Float32Array} */ data,
    /** @type {readonly number[]} */ shape,
  ) => new ort.Tensor("float32", data, shape);
  let states = shapes
    .slice(1)
    .map((/** @type {number[]} */ shape) =>
      tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape),
    );
  return async (/** @type {Float32Array} */ input) => {
    const feeds = [tensor(input, shapes[0]), ...states];
    const outputs = await session.run(
      Object.fromEntries(
        inputNames.map(
          (/** @type {string} */ name, /** @type {number} */ i) => [
            name,
            feeds[i],
          ],
        ),
      ),
    );
    states = outputNames
      .slice(1)
      .map((/** @type {string} */ name) => outputs[name]);
    return outputs[outputNames[0]].data;
  };
}
