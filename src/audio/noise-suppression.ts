import { boolean, isFloat32Array, record, wrong } from "../checks.js";
import { between, rateOf, samplesOf } from "../signal/checks.js";
import { Delay } from "../signal/delay.js";
import type { FrameModel } from "../signal/frame-model.js";
import { FramePipe } from "../signal/frame-pipe.js";
import type {
  CheckedSettings,
  FrameSettings,
} from "../signal/frame-settings.js";
import { type AudioModel, modelOf } from "./model.js";
import {
  checkedSuppression,
  type KnownSuppression,
  suppressionSettings,
} from "./suppression-models.js";
import {
  makeNode,
  type SuppressionNode,
  type SuppressionNodeOptions,
} from "./suppression-node.js";

/** Options of `NoiseSuppression`. */
export interface NoiseSuppressionOptions {
  /** GTCRN's streaming model, DTLN's two models in order, or others with their `settings`. */
  model: AudioModel | readonly AudioModel[];
  /** The sample rate for `process` and `clean`, in hertz; 16000 by default. A node uses that of its context. */
  sampleRate?: number;
  /** The inputs and outputs of the models; GTCRN and DTLN are recognised by their sizes. */
  settings?: KnownSuppression | FrameSettings;
  /** How much of the noise is removed: 1, the default, for all that the model can; 0 for unchanged sound. */
  level?: number;
  /** Leaves the sound unchanged, with the same delay; false by default. */
  bypass?: boolean;
}

/** The time that `process` took. */
export interface SuppressionReport {
  /** Seconds of sound since the last report. */
  seconds: number;
  /** The computing time as a share of that: 0.03 is 3 %. */
  load: number;
  /** The longest call of `process`, in milliseconds. */
  worst: number;
  /** The delay of the sound, in milliseconds. */
  latency: number;
  /** How often a model's output was not finite, so that it was reset. */
  resets: number;
}

const OPTIONS = {
  model: 0,
  sampleRate: 0,
  settings: 0,
  level: 0,
  bypass: 0,
} satisfies Record<keyof NoiseSuppressionOptions, 0>;

/** The duration of a change of `level` or `bypass`, to avoid clicks. */
const FADE_SECONDS = 0.008;
/** Samples processed at a time. */
const CHUNK = 512;

/**
 * Removes noise from speech: as many samples out as in, with a delay of `latency`.
 *
 *     const suppression = new NoiseSuppression({ model: bytes });             // or [first, second]
 *     const node = await suppression.createNode(context, { processor: url });  // in a page
 *     microphone.connect(node).connect(context.destination);
 *
 *     const voice = suppression.clean(recording);                              // anywhere
 *
 * Sample rates other than the model's are converted on the way in and out, which removes frequencies above half the
 * model's rate, 8 kHz.
 */
export class NoiseSuppression {
  /** The delay of `process`, in samples. */
  readonly latency: number;
  readonly #models: readonly FrameModel[];
  readonly #settings: FrameSettings;
  readonly #checked: CheckedSettings;
  readonly #rate: number;
  readonly #pipe: FramePipe;
  readonly #delay: Delay;
  readonly #wet = new Float32Array(CHUNK);
  readonly #dry = new Float32Array(CHUNK);
  #level: number;
  #bypass: boolean;
  #heard: number; // the share of the model at the last sample
  #spent = { samples: 0, time: 0, worst: 0, resets: 0 };

  /**
   * @throws TypeError, RangeError that name the option; FormatError for bytes that are not a supported model; RangeError
   *   for models that do not fit the settings
   */
  constructor(options: NoiseSuppressionOptions) {
    const given = record(
      options,
      "options",
      OPTIONS,
    ) as unknown as NoiseSuppressionOptions;
    const { model, sampleRate = 16_000, level = 1, bypass = false } = given;
    this.#rate = rateOf(sampleRate, "sampleRate");
    this.#level = between(level, "level", 0, 1);
    this.#bypass = boolean(bypass, "bypass");
    this.#heard = this.#wanted;
    this.#models = Array.isArray(model)
      ? model.map((one, i) => modelOf(one, `model[${i}]`))
      : [modelOf(model)];
    this.#settings = suppressionSettings(this.#models, given.settings);
    this.#checked = checkedSuppression(this.#settings);
    this.#pipe = new FramePipe(this.#models, this.#checked, this.#rate);
    this.latency = this.#pipe.latency;
    this.#delay = new Delay(this.latency);
  }

  /** How much of the noise is removed, 0 to 1. */
  get level(): number {
    return this.#level;
  }

  set level(level: number) {
    this.#level = between(level, "level", 0, 1);
  }

  get bypass(): boolean {
    return this.#bypass;
  }

  set bypass(bypass: boolean) {
    this.#bypass = boolean(bypass, "bypass");
  }

  get #wanted(): number {
    return this.#bypass ? 0 : this.#level;
  }

  /**
   * Processes the next samples, any number of them, and returns as many, with a delay of `latency` samples. With `out`
   * nothing is allocated.
   *
   * @param out may be `samples` itself
   * @throws TypeError unless both are Float32Arrays; RangeError for an `out` of another length
   */
  process(
    samples: Float32Array,
    out: Float32Array = new Float32Array(samplesOf(samples, "samples").length),
  ): Float32Array {
    samplesOf(samples, "samples");
    if (!isFloat32Array(out) || out.length !== samples.length)
      throw wrong(
        isFloat32Array(out),
        "out",
        `a Float32Array of length ${samples.length}`,
        out,
      );
    const started = now();
    for (let at = 0; at < samples.length; at += CHUNK) {
      const end = Math.min(at + CHUNK, samples.length);
      this.#chunk(samples, out, at, end);
    }
    const took = now() - started;
    this.#spent.samples += samples.length;
    this.#spent.time += took;
    this.#spent.worst = Math.max(this.#spent.worst, took);
    return out;
  }

  #chunk(
    samples: Float32Array,
    out: Float32Array,
    from: number,
    to: number,
  ): void {
    const wet = this.#wet;
    const dry = this.#dry;
    this.#pipe.process(samples, wet, from, to);
    this.#delay.process(samples, dry, from, to);
    const limit = 1 / (FADE_SECONDS * this.#rate);
    const wanted = this.#wanted;
    let heard = this.#heard;
    for (let i = 0; i < to - from; i++) {
      if (heard !== wanted)
        heard += Math.max(-limit, Math.min(limit, wanted - heard));
      const plain = dry[i] as number;
      const voice = wet[i] as number;
      out[from + i] = heard === 1 ? voice : plain + heard * (voice - plain);
    }
    this.#heard = heard;
  }

  /**
   * Processes a whole recording, without delay: output sample n belongs to input sample n. Independent of `process`.
   *
   * @throws TypeError unless it is a Float32Array
   */
  clean(samples: Float32Array): Float32Array {
    samplesOf(samples, "samples");
    const own = new NoiseSuppression({
      model: this.#models,
      settings: this.#settings,
      sampleRate: this.#rate,
      level: this.#level,
      bypass: this.#bypass,
    });
    const padded = new Float32Array(samples.length + this.latency);
    padded.set(samples);
    return own.process(padded).slice(this.latency);
  }

  /** Back to the initial state, silence before the first sample. */
  reset(): void {
    this.#pipe.reset();
    this.#delay.reset();
    this.#heard = this.#wanted;
  }

  /** The time that `process` took since the last report. */
  report(): SuppressionReport {
    const { samples, time, worst, resets } = this.#spent;
    const seconds = samples / this.#rate;
    this.#spent = { samples: 0, time: 0, worst: 0, resets: this.#pipe.resets };
    return {
      seconds,
      load: seconds ? time / 1000 / seconds : 0,
      worst,
      latency: (1000 * this.latency) / this.#rate,
      resets: this.#pipe.resets - resets,
    };
  }

  /**
   * A node that does the same in the audio thread, to connect between a microphone and the destination. It starts with
   * the current level and bypass, and has its own from then on.
   *
   * @returns once it is running
   * @throws Error if there is no Web Audio or no AudioWorklet; TypeError unless `context` is a context
   */
  createNode(
    context: BaseAudioContext,
    options: SuppressionNodeOptions,
  ): Promise<SuppressionNode> {
    return makeNode(context, options, {
      models: this.#models,
      frames: this.#settings,
      level: this.#level,
      bypass: this.#bypass,
    });
  }
}

/** The scope of an AudioWorklet has no `performance`. */
const now = (): number =>
  (globalThis as { performance?: Performance }).performance?.now() ??
  Date.now();
