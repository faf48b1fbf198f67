import { message } from "../checks.js";
import { RealFft } from "./fft.js";
import {
  type FrameModel,
  type FrameStream,
  rehearse,
  streamOf,
} from "./frame-model.js";
import type { CheckedSettings, Gives, Stage, Takes } from "./frame-settings.js";
import { OverlapAdd, overlapGain } from "./overlap-add.js";

interface Step {
  readonly stage: Required<Stage>;
  readonly stream: FrameStream;
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/**
 * Runs models one after another on frames of a stream.
 *
 *     frame (size) ─ · window, transform ─→ spectrum (bins, 2) ─→ frame · window ─→ overlap-add ─→ hop samples
 *          └── a stage takes either, or magnitudes; it gives either, or a mask ──┘
 *
 * Between stages, data are converted to the form that the next stage takes. Spectra are windowed on the way back; frames
 * from a model are summed as they are. Allocates nothing after construction, except in the models.
 */
export class FrameChain {
  readonly size: number;
  readonly hop: number;
  /** The output of a last stage that gives "numbers"; such a chain produces no sound. */
  readonly numbers: Float32Array | null;
  /** How often a model's output was not finite, so that it was reset. */
  resets = 0;
  readonly #steps: readonly Step[];
  readonly #fft: RealFft | null;
  readonly #window: Float32Array; // (size)
  readonly #after: Float32Array; // (size)
  readonly #frame: Float32Array; // (size)
  readonly #spectrum: Float32Array; // (bins, 2)
  readonly #sum: OverlapAdd;

  /** @throws RangeError unless there is one model per stage, with the sizes that the stage needs */
  constructor(models: readonly FrameModel[], settings: CheckedSettings) {
    const { size, hop, window, stages } = settings;
    if (models.length !== stages.length)
      throw new RangeError(
        message("model", `${stages.length} models`, `${models.length}`),
      );
    this.size = size;
    this.hop = hop;
    const spectral = stages.some(
      ({ takes, gives }) => takes !== "frame" || gives === "complex",
    );
    this.#fft = spectral ? new RealFft(size) : null;
    this.#window = window;
    const back = spectral && stages.at(-1)?.gives !== "frame";
    const gain = back ? overlapGain(window, hop) : null;
    this.#after = window.map((w, i) => (gain ? w / (gain[i % hop] ?? 1) : w));
    this.#frame = new Float32Array(size);
    this.#spectrum = new Float32Array(spectral ? size + 2 : 0);
    this.#sum = new OverlapAdd(size, hop);
    this.#steps = models.map((model, i) =>
      stepOf(model, stages[i] as Required<Stage>, size, `model ${i + 1}`),
    );
    const last = this.#steps.at(-1) as Step;
    this.numbers = last.stage.gives === "numbers" ? last.output : null;
  }

  /** The number of inputs of the first model. */
  get inputSize(): number {
    return (this.#steps[0] as Step).input.length;
  }

  /** A frame (size) → out (hop), the samples that are now complete; none if the chain gives numbers. */
  run(frame: Float32Array, out: Float32Array): void {
    const own = this.#frame;
    for (let i = 0; i < this.size; i++) own[i] = frame[i] as number;
    let spectral = false;
    for (let i = 0; i < this.#steps.length; i++) {
      const step = this.#steps[i] as Step;
      const takesSpectrum = step.stage.takes !== "frame";
      if (takesSpectrum !== spectral) this.#transform(takesSpectrum, i === 0);
      spectral = takesSpectrum;
      this.#take(step);
      step.stream.step(step.input, step.output);
      if (!allFinite(step.output)) {
        this.resets++;
        step.stream.reset();
        step.output.fill(0);
      }
      const { gives } = step.stage;
      if (gives === "numbers") return;
      this.#give(gives, step.output);
      spectral = gives !== "frame";
    }
    if (spectral) {
      this.#fft?.inverse(this.#spectrum, own);
      const after = this.#after;
      for (let i = 0; i < this.size; i++)
        own[i] = (own[i] as number) * (after[i] as number);
    }
    this.#sum.add(own, out);
  }

  /** Turns the frame into a spectrum or back; only input sound is windowed. */
  #transform(toSpectrum: boolean, windowed: boolean): void {
    const frame = this.#frame;
    if (!toSpectrum) {
      this.#fft?.inverse(this.#spectrum, frame);
      return;
    }
    if (windowed)
      for (let i = 0; i < this.size; i++)
        frame[i] = (frame[i] as number) * (this.#window[i] as number);
    this.#fft?.forward(frame, this.#spectrum);
  }

  #take({ stage, input }: Step): void {
    if (stage.takes === "frame") input.set(this.#frame);
    else if (stage.takes === "complex") input.set(this.#spectrum);
    else
      for (let k = 0; k < input.length; k++) {
        const re = this.#spectrum[2 * k] as number;
        const im = this.#spectrum[2 * k + 1] as number;
        input[k] = Math.sqrt(re * re + im * im);
      }
  }

  #give(gives: Gives, output: Float32Array): void {
    const spectrum = this.#spectrum;
    if (gives === "frame") this.#frame.set(output);
    else if (gives === "complex") spectrum.set(output);
    else
      for (let k = 0; k < output.length; k++) {
        const mask = output[k] as number;
        spectrum[2 * k] = (spectrum[2 * k] as number) * mask;
        spectrum[2 * k + 1] = (spectrum[2 * k + 1] as number) * mask;
      }
  }

  /** Back to the initial state. */
  reset(): void {
    this.#sum.reset();
    for (const { stream } of this.#steps) stream.reset();
  }
}

const NUMBERS: Record<Takes | "mask", (size: number) => number> = {
  frame: (size) => size,
  magnitude: (size) => size / 2 + 1,
  mask: (size) => size / 2 + 1,
  complex: (size) => size + 2,
};

function stepOf(
  model: FrameModel,
  stage: Required<Stage>,
  size: number,
  name: string,
): Step {
  const stream = streamOf(model, stage);
  const { takes, gives } = stage;
  const input = new Float32Array(NUMBERS[takes](size));
  const count = gives === "numbers" ? null : NUMBERS[gives](size);
  const output = new Float32Array(rehearse(stream, input.length, count, name));
  return { stage, stream, input, output };
}

function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i] as number);
  return sum < Infinity;
}
