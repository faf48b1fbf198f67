import { message, record } from "../checks.js";
import { rateOf } from "./checks.js";

/** Options of `Resampler`: the two sample rates, in hertz. */
export interface ResamplerOptions {
  from: number;
  to: number;
}

const OPTIONS = { from: 0, to: 0 } satisfies Record<keyof ResamplerOptions, 0>;

/** Zero crossings of the sinc on each side: 2 ms of the slower rate at 16 kHz. */
const CROSSINGS = 32;
/**
 * Kaiser's window for 80 dB: β = 0.1102 (A - 8.7), and a transition of (A - 8) / (2.285 · 2 CROSSINGS) radians a sample
 * of the slower rate, which ends at half that rate. J. F. Kaiser, Nonrecursive digital filter design using the I0-sinh
 * window function, 1974.
 */
const ATTENUATION = 80;
const BETA = 0.1102 * (ATTENUATION - 8.7);
/** 0.157 of half the slower rate. */
const TRANSITION = (ATTENUATION - 8) / (2.285 * 2 * CROSSINGS) / Math.PI;
/** Rates that need more phases interpolate between neighbours in the table, with an error of -100 dB. */
const MAX_PHASES = 512;
/** The input is processed in pieces of this size, whatever the size of the blocks. */
const CHUNK = 256;

/**
 * Converts a stream from one sample rate to another by a windowed sinc with as many phases as the rates need.
 * Frequencies above half the slower rate are attenuated by 80 dB; those below 0.84 of that are unchanged.
 *
 * Output sample n is the input at the time n · from / to - `delay`. Blocks may have any size; together they give the
 * same bits as one block. Allocates nothing after construction.
 */
export class Resampler {
  readonly from: number;
  readonly to: number;
  /** The delay of the output, in samples of the input; 0 if the rates are equal. */
  readonly delay: number;
  readonly #up: number; // L: output sample k is at the input's k M / L
  readonly #down: number; // M
  readonly #taps: number;
  readonly #phases: number; // rows of the table, less the one that closes it where it is interpolated
  readonly #table: Float64Array; // (phases, taps) or (phases + 1, taps), each row in the input's order
  readonly #input: Float64Array; // (taps - 1 + CHUNK): what has gone by, and a chunk
  /** The position of the next output sample: samples ahead of the next input sample, and L-ths of one. */
  #ahead = 0;
  #phase = 0;

  /** @throws TypeError, RangeError unless the rates are positive integers */
  constructor(options: ResamplerOptions) {
    const { from, to } = record(options, "options", OPTIONS);
    this.from = rateOf(from, "from");
    this.to = rateOf(to, "to");
    const divisor = greatestCommonDivisor(this.from, this.to);
    this.#up = this.to / divisor;
    this.#down = this.from / divisor;
    const equal = this.#up === this.#down;
    const slow = Math.min(1, this.to / this.from);
    this.delay = equal ? 0 : Math.ceil(CROSSINGS / slow);
    this.#taps = equal ? 1 : 2 * this.delay;
    this.#phases = Math.min(this.#up, MAX_PHASES);
    this.#table = equal
      ? Float64Array.of(1)
      : tableOf(this.#phases, this.#taps, slow);
    this.#input = new Float64Array(this.#taps - 1 + CHUNK);
  }

  /** The number of output samples for the next n input samples. */
  outputLength(n: number): number {
    const left = (n - this.#ahead) * this.#up - this.#phase;
    return left > 0 ? Math.ceil(left / this.#down) : 0;
  }

  /**
   * @param out at least `outputLength(count)` samples
   * @param count how many of the input samples to read; all by default
   * @returns how many samples were written
   * @throws RangeError if `out` is too short; nothing has been read then
   */
  process(
    input: Float32Array,
    out: Float32Array,
    count = input.length,
  ): number {
    const length = this.outputLength(count);
    if (out.length < length)
      throw new RangeError(
        message("out", `at least ${length} samples`, `${out.length}`),
      );
    const history = this.#taps - 1;
    let written = 0;
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at);
      for (let i = 0; i < n; i++)
        this.#input[history + i] = input[at + i] as number;
      written = this.#chunk(n, out, written);
      this.#input.copyWithin(0, n, n + history);
    }
    return written;
  }

  /** Output samples at the times of n input samples; returns how many there are now. */
  #chunk(n: number, out: Float32Array, written: number): number {
    const exact = this.#phases === this.#up;
    while (this.#ahead < n) {
      out[written++] = exact
        ? this.#dot(this.#phase, this.#ahead)
        : this.#interpolated(this.#ahead);
      this.#phase += this.#down;
      const whole = Math.floor(this.#phase / this.#up);
      this.#ahead += whole;
      this.#phase -= whole * this.#up;
    }
    this.#ahead -= n;
    return written;
  }

  #dot(row: number, at: number): number {
    const taps = this.#taps;
    const table = this.#table;
    const input = this.#input;
    const start = row * taps;
    let sum = 0;
    for (let j = 0; j < taps; j++)
      sum += (table[start + j] as number) * (input[at + j] as number);
    return sum;
  }

  #interpolated(at: number): number {
    const place = (this.#phase / this.#up) * this.#phases;
    const row = Math.floor(place);
    const share = place - row;
    return (1 - share) * this.#dot(row, at) + share * this.#dot(row + 1, at);
  }

  /** Back to the initial state, silence before the first sample. */
  reset(): void {
    this.#input.fill(0);
    this.#ahead = this.#phase = 0;
  }
}

/**
 * h(t) for t = delay - 1 … -delay plus the row's share of a sample, in the input's order. A row's sum is 1, so that a
 * constant stays itself.
 */
function tableOf(phases: number, taps: number, slow: number): Float64Array {
  const half = taps / 2;
  const cutoff = slow * (1 - TRANSITION / 2); // of half the input's rate
  const width = CROSSINGS / slow;
  const scale = 1 / bessel(BETA);
  const table = new Float64Array((phases + 1) * taps);
  for (let row = 0; row <= phases; row++) {
    let sum = 0;
    for (let j = 0; j < taps; j++) {
      const t = row / phases + half - 1 - j;
      const inside = 1 - (t / width) ** 2;
      const window = inside > 0 ? scale * bessel(BETA * Math.sqrt(inside)) : 0;
      const x = Math.PI * cutoff * t;
      const h = window * (x === 0 ? 1 : Math.sin(x) / x);
      table[row * taps + j] = h;
      sum += h;
    }
    for (let j = 0; j < taps; j++)
      table[row * taps + j] = (table[row * taps + j] as number) / sum;
  }
  return table;
}

/** The modified Bessel function I0, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
