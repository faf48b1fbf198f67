import FFT from "fft.js";
import { positiveInteger, wrong } from "../checks.js";

/** The part of fft.js that is used; its own declarations say `any`. */
interface ComplexFft {
  realTransform(out: Float64Array, data: Float64Array): void;
  inverseTransform(out: Float64Array, data: Float64Array): void;
}
const Transform = FFT as unknown as new (size: number) => ComplexFft;

/**
 * The Fourier transform of real frames and its inverse. A spectrum has size / 2 + 1 bins of interleaved real and
 * imaginary parts, scaled as in torch.fft.rfft and numpy.fft.rfft: by 1 forward, by 1 / size back. Allocates nothing
 * after construction.
 */
export class RealFft {
  readonly size: number;
  /** size / 2 + 1 */
  readonly bins: number;
  readonly #fft: ComplexFft;
  readonly #real: Float64Array; // (size)
  readonly #spectrum: Float64Array; // (size, 2)
  readonly #back: Float64Array; // (size, 2)

  /** @throws TypeError, RangeError unless size is a power of two of at least 4 */
  constructor(size: number) {
    this.size = positiveInteger(size, "size");
    if (size < 4 || (size & (size - 1)) !== 0)
      throw wrong(true, "size", "a power of two, 4 or more", size);
    this.bins = size / 2 + 1;
    this.#fft = new Transform(size);
    this.#real = new Float64Array(size);
    this.#spectrum = new Float64Array(2 * size);
    this.#back = new Float64Array(2 * size);
  }

  /** frame (size) → spectrum (bins, 2) */
  forward(frame: Float32Array, spectrum: Float32Array): void {
    const n = this.size;
    for (let i = 0; i < n; i++) this.#real[i] = frame[i] as number;
    this.#fft.realTransform(this.#spectrum, this.#real);
    for (let i = 0; i < 2 * this.bins; i++)
      spectrum[i] = this.#spectrum[i] as number;
  }

  /** spectrum (bins, 2) → frame (size). The imaginary parts of the first and the last bin are ignored. */
  inverse(spectrum: Float32Array, frame: Float32Array): void {
    const n = this.size;
    const whole = this.#spectrum;
    for (let i = 0; i < 2 * this.bins; i++) whole[i] = spectrum[i] as number;
    whole[1] = whole[n + 1] = 0;
    for (let k = 1; k < n / 2; k++) {
      whole[2 * (n - k)] = whole[2 * k] as number;
      whole[2 * (n - k) + 1] = -(whole[2 * k + 1] as number);
    }
    this.#fft.inverseTransform(this.#back, whole);
    for (let i = 0; i < n; i++) frame[i] = this.#back[2 * i] as number;
  }
}
