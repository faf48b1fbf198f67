// A dry riff, as it comes out of a guitar: plucked strings after Karplus and Strong, 1983, no sound files.

const BPM = 104;
/** Sixteenth notes: where, how long, fret on the low E string, palm-muted or ringing, single note or power chord. */
const RIFF = [
  [0, 3, 0, "ringing", "chord"],
  [4, 1, 0, "muted"],
  [5, 1, 0, "muted"],
  [6, 2, 3, "ringing", "chord"],
  [8, 1, 0, "muted"],
  [9, 1, 0, "muted"],
  [10, 2, 5, "ringing", "chord"],
  [12, 1, 0, "muted"],
  [13, 3, 7, "ringing", "chord"],
  [16, 3, 0, "ringing", "chord"],
  [20, 1, 0, "muted"],
  [21, 1, 0, "muted"],
  [22, 2, 3, "ringing", "chord"],
  [24, 2, 12, "ringing"],
  [26, 2, 15, "ringing"],
  [28, 2, 17, "ringing"],
  [30, 2, 15, "ringing"],
  [32, 6, 12, "ringing", "chord"],
  [40, 2, 10, "ringing"],
  [42, 6, 7, "ringing", "chord"],
  [48, 14, 0, "ringing", "chord"],
];
const STEPS = 64;

/** Mono samples of the riff, peaking at 0.8; it loops. */
export function riff(sampleRate) {
  const step = Math.round((sampleRate * 60) / BPM / 4);
  const samples = new Float32Array(step * STEPS);
  const random = noise(7);
  for (const [at, steps, fret, how, what] of RIFF) {
    const root = 82.41 * 2 ** (fret / 12);
    for (const semitones of what === "chord" ? [0, 7, 12] : [0]) {
      const note = pluck(
        root * 2 ** (semitones / 12),
        step * steps,
        how === "muted" ? 0.93 : 0.997,
        sampleRate,
        random,
      );
      note.forEach((x, i) => (samples[at * step + i] += x));
    }
  }
  const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return samples.map((x) => (0.8 * x) / peak);
}

/** A string: noise that goes round a delay line and loses a little of everything, and most of what is high. */
function pluck(hertz, length, decay, sampleRate, random) {
  const note = new Float32Array(length);
  const period = sampleRate / hertz - 0.5; // the mean of two samples delays by half of one
  const whole = Math.floor(period);
  const rest = period - whole; // tuned by an all-pass between two samples
  const c = (1 - rest) / (1 + rest);
  const line = Float32Array.from({ length: whole }, random);
  for (let i = 1; i < whole; i++) line[i] = 0.5 * (line[i] + line[i - 1]);
  let [before, passed, input] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const sample = line[i % whole];
    const mean = decay * 0.5 * (sample + before);
    before = sample;
    passed = c * (mean - passed) + input;
    input = mean;
    line[i % whole] = passed;
    note[i] = sample * Math.min(1, (length - i) / (0.005 * sampleRate));
  }
  return note;
}

/** The same noise every time, from -1 to 1. */
function noise(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}
