/*
 * The amplifier that train.py has, and something like a guitar to play through it, in JavaScript: what train.mjs learns
 * from. Signals are Float64Arrays at 48 kHz within ±1.
 */
export const RATE = 48000;

/** Numbers from 0 to 1, the same in every run (Park and Miller). */
export function generator(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const pole = (hertz) => Math.exp((-2 * Math.PI * hertz) / RATE);

/**
 * Coupling capacitor (high-pass, 90 Hz); a stage that clips softly and not symmetrically, at a working point that sags
 * while the playing is loud (2 ms down, 25 ms back) and takes gain with it; a cabinet (low-pass, twice at 4.2 kHz, and a
 * little more of what is around 1 kHz).
 */
export function amplifier(x) {
  const [high, low, block] = [pole(90), pole(4200), pole(12)];
  const attack = Math.exp(-1 / (0.002 * RATE));
  const release = Math.exp(-1 / (0.025 * RATE));
  const r = pole(500);
  const b1 = 2 * r * Math.cos((2 * Math.PI * 1000) / RATE);
  const b2 = -r * r;
  let before = 0;
  let h = 0;
  let envelope = 0;
  let [l1, l2, p1, p2, d, dx] = [0, 0, 0, 0, 0, 0];
  return x.map((sample) => {
    h = high * (h + sample - before);
    before = sample;
    const level = Math.abs(h);
    envelope =
      level + (level > envelope ? attack : release) * (envelope - level);
    const shifted = (14 / (1 + 1.5 * envelope)) * h + 0.3 - 1.2 * envelope;
    const clipped =
      shifted > 0 ? Math.tanh(shifted) : 0.8 * Math.tanh(1.4 * shifted);
    l1 = clipped + low * (l1 - clipped);
    l2 = l1 + low * (l2 - l1);
    const p = (1 - r) * l2 + b1 * p1 + b2 * p2;
    p2 = p1;
    p1 = p;
    const out = l2 + 0.5 * p;
    d = block * (d + out - dx);
    dx = out;
    return 0.5 * d;
  });
}

/** Plucked strings (Karplus and Strong), alone and in chords, loud and quiet. */
export function playing(seconds, random) {
  const between = (low, high) => low + random() * (high - low);
  const integer = (low, high) => Math.floor(between(low, high));
  const steps = Math.floor(seconds * RATE);
  const x = new Float64Array(steps);
  for (let at = 0; at < steps;) {
    const length = Math.floor(RATE * between(0.08, 0.9));
    const root = 82.4 * 2 ** (integer(0, 30) / 12);
    const chord = random() < 0.5 ? [0] : [0, 7, 12].slice(0, integer(2, 4));
    const strength = 10 ** between(-1.6, 0);
    for (const semitones of chord) {
      const note = pluck(root * 2 ** (semitones / 12), length, random);
      for (let i = 0; i < length && at + i < steps; i++)
        x[at + i] += strength * note[i];
    }
    at += Math.floor(length * between(0.5, 1.1));
  }
  const loudest = x.reduce(
    (most, value) => Math.max(most, Math.abs(value)),
    1e-9,
  );
  const gain = 10 ** between(-0.4, 0) / loudest;
  const noise = 10 ** between(-5, -3);
  const sweep = random() < 0.2; // and what is no guitar, so that it is tame everywhere
  let phase = 0;
  return x.map((value, t) => {
    phase += (2 * Math.PI * 40 * 200 ** (t / steps)) / RATE;
    const normal =
      Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return value * gain + (sweep ? 0.2 * Math.sin(phase) : 0) + noise * normal;
  });
}

/** Noise that goes round a delay line and loses its brightness, a period at a time. */
function pluck(hertz, length, random) {
  const period = Math.floor(RATE / hertz);
  const smooth = (loop) =>
    loop.map((value, i) => 0.5 * (value + loop[(i || period) - 1]));
  let loop = Float64Array.from({ length: period }, () => 2 * random() - 1);
  for (let times = 1 + Math.floor(4 * random()); times > 0; times--)
    loop = smooth(loop);
  const most = loop.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  loop = loop.map((value) => value / most);
  const note = new Float64Array(length);
  for (let at = 0; at < length; at += period) {
    note.set(loop.subarray(0, Math.min(period, length - at)), at);
    loop = smooth(loop).map((value) => 0.996 * value);
  }
  return note.map((value, i) => value * Math.min(1, (length - i) / 400));
}
