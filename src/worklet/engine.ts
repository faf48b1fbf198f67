import { wrong } from "../checks.js";
import type { Sequential } from "../models/sequential.js";
import { type FrameModel, isModel } from "../signal/frame-model.js";
import { checkSettings } from "../signal/frame-settings.js";
import { type FrameListener, FrameVoice } from "./frame-voice.js";
import type { Player } from "./player.js";
import type { VoiceOptions } from "./protocol.js";
import { Voice } from "./voice.js";

/** A model from sample to sample, or one or more models of frames. */
export type PlayedModels = FrameModel | readonly FrameModel[];

/** How long a new model runs unheard, until its state has settled and its code is compiled; the first runs ahead. */
const WARM_UP_SECONDS = 0.04;
/** The duration of the cross-fade after that, and of a change of bypass. */
const FADE_SECONDS = 0.008;

/*
 * Indices of what changes within a quantum, in arrays of the values at its start and end. Arrays, because storing a
 * number that is not an integer in a field, or passing it to a function, may allocate.
 */
const INPUT_GAIN = 0;
const OUTPUT_GAIN = 1;
const WET = 2; // 1 - bypass
const MIX = 3; // how much of the next model is heard

/** Values of the AudioParams in a quantum. */
export interface Controls {
  inputGain: number;
  outputGain: number;
  bypass: number;
}

/**
 * Runs models on a stream of quanta: the one that is heard, and the one that is about to replace it. Without a model the
 * sound passes unchanged. `process` allocates nothing. Independent of AudioWorklets.
 */
export class Engine {
  readonly #channels: number;
  readonly #sampleRate: number;
  readonly #warmUp: number; // samples
  readonly #fade: number; // samples
  #heard: Player | null = null;
  #next: Player | null = null;
  /** Whether a change is under way; `#next` is null if it is to no model. */
  #changing = false;
  /** The next change, when the current one has begun to fade and cannot be replaced any more. */
  #waiting: { voice: Player | null } | null = null;
  #warm = 0; // samples that #next has played along
  #started = false;
  readonly #from = new Float64Array(4);
  readonly #to = new Float64Array(4);
  #silence = new Float32Array(128);
  #other = new Float32Array(128);
  #resets = 0; // of voices that are gone

  constructor(sampleRate: number, channels: number) {
    this.#sampleRate = sampleRate;
    this.#channels = channels;
    this.#warmUp = Math.round(WARM_UP_SECONDS * sampleRate);
    this.#fade = Math.round(FADE_SECONDS * sampleRate);
  }

  /**
   * Replaces what is heard by a model, several models of frames, or none; at once before the first quantum.
   *
   * @param onFrame called for every frame of models of frames
   * @returns the player of the models
   */
  load(
    models: PlayedModels | null,
    options: VoiceOptions = {},
    onFrame: FrameListener | null = null,
  ): Player | null {
    const voice = models && this.#player(models, options, onFrame);
    voice?.prepare(this.#silence.length);
    if (!this.#started) this.#rehearse(voice);
    else if (this.#to[MIX] !== 0) this.#waiting = { voice };
    else this.#change(voice);
    return voice;
  }

  #player(
    models: PlayedModels,
    options: VoiceOptions,
    onFrame: FrameListener | null,
  ): Player {
    const { frames } = options;
    if (frames) {
      const list = isModel(models) ? [models] : models;
      const settings = checkSettings(frames, "frames");
      return new FrameVoice(
        list,
        settings,
        this.#channels,
        this.#sampleRate,
        onFrame,
      );
    }
    if (isModel(models))
      return new Voice(models as Sequential, this.#channels, options);
    throw wrong(false, "model", "one model, or options.frames", models);
  }

  /**
   * Runs the first model on silence before it is heard, so that the browser has compiled the code: otherwise the first
   * quantum of LSTM-40 would take 1 to 2 ms instead of 0.06.
   */
  #rehearse(voice: Player | null): void {
    this.#heard = voice;
    if (!voice) return;
    const { length } = this.#silence;
    const outputs = Array.from(
      { length: this.#channels },
      () => new Float32Array(length),
    );
    const controls = { inputGain: 1, outputGain: 1, bypass: 0 };
    for (let played = 0; played < this.#warmUp; played += length)
      this.process([], outputs, controls);
    voice.reset();
    voice.resets = 0;
    this.#started = false;
  }

  #change(voice: Player | null): void {
    this.#changing = true;
    this.#next = voice;
    this.#warm = voice ? -voice.latency : this.#warmUp;
    this.#to[MIX] = 0;
  }

  /** The voice that was loaded last, whether or not it is heard yet. */
  get #latest(): Player | null {
    if (this.#waiting) return this.#waiting.voice;
    return this.#changing ? this.#next : this.#heard;
  }

  setConditions(values: ArrayLike<number>): void {
    const voice = this.#latest;
    if (!voice) throw new Error("conditions: expected a model, got none");
    voice.setConditions(values);
  }

  /** Resets all states. */
  reset(): void {
    this.#heard?.reset();
    this.#next?.reset();
    this.#waiting?.voice?.reset();
  }

  /** How often a model's output was not finite. */
  get resets(): number {
    return (
      this.#resets + (this.#heard?.resets ?? 0) + (this.#next?.resets ?? 0)
    );
  }

  /** Processes a quantum, [channel][frame] → [channel][frame]. Channels without input get silence. */
  process(
    inputs: readonly Float32Array[],
    outputs: readonly Float32Array[],
    controls: Controls,
  ): void {
    const n = outputs[0]?.length ?? 0;
    if (!n) return;
    if (n !== this.#silence.length) {
      this.#silence = new Float32Array(n);
      this.#other = new Float32Array(n);
    }
    this.#heard?.prepare(n);
    this.#next?.prepare(n);
    this.#aim(controls, n);
    for (let c = 0; c < outputs.length; c++) {
      const input = inputs[c] ?? this.#silence;
      const output = outputs[c] as Float32Array;
      output.set(input);
      if (c >= this.#channels) continue;
      this.#play(this.#heard, c, input, output);
      if (!this.#changing) continue;
      this.#other.set(input);
      this.#play(this.#next, c, input, this.#other);
      this.#crossfade(output, this.#other);
    }
    this.#heard?.settle();
    this.#next?.settle();
    if (this.#changing) this.#advance(n);
  }

  /** Sets the values for the end of a quantum of n frames. */
  #aim({ inputGain, outputGain, bypass }: Controls, n: number): void {
    const from = this.#from;
    const to = this.#to;
    from.set(to);
    to[INPUT_GAIN] = inputGain;
    to[OUTPUT_GAIN] = outputGain;
    if (!this.#started) {
      // the first values apply from the start, without a transition
      this.#started = true;
      to[WET] = 1 - bypass;
      from.set(to);
    }
    const limit = n / this.#fade;
    const wet = from[WET] as number;
    const missing = 1 - bypass - wet;
    to[WET] = wet + Math.max(-limit, Math.min(limit, missing));
    if (this.#changing && this.#warm >= this.#warmUp)
      to[MIX] = Math.min(1, (from[MIX] as number) + limit);
  }

  /** Replaces the signal in `output` by the output of the voice, except for the share that is bypassed. */
  #play(
    voice: Player | null,
    channel: number,
    input: Float32Array,
    output: Float32Array,
  ): void {
    if (!voice) return;
    const sound = voice.run(channel, input, this.#from, this.#to);
    const dry = voice.dry(channel, input);
    const n = output.length;
    const gain0 = this.#from[OUTPUT_GAIN] as number;
    const wet0 = this.#from[WET] as number;
    const gainStep = ((this.#to[OUTPUT_GAIN] as number) - gain0) / n;
    const wetStep = ((this.#to[WET] as number) - wet0) / n;
    for (let i = 0; i < n; i++) {
      const x = (sound[i] as number) * (gain0 + gainStep * (i + 1));
      const wet = wet0 + wetStep * (i + 1);
      const plain = dry[i] as number;
      output[i] = wet === 1 ? x : plain + wet * (x - plain);
    }
  }

  /** Mixes in the next voice. */
  #crossfade(output: Float32Array, other: Float32Array): void {
    const n = output.length;
    const mix0 = this.#from[MIX] as number;
    const mixStep = ((this.#to[MIX] as number) - mix0) / n;
    if (mix0 === 0 && mixStep === 0) return;
    for (let i = 0; i < n; i++) {
      const x = output[i] as number;
      output[i] = x + (mix0 + mixStep * (i + 1)) * ((other[i] as number) - x);
    }
  }

  /** Advances a change: warming up, fading, done, and then the next one if there is any. */
  #advance(n: number): void {
    if (this.#warm < this.#warmUp) this.#warm += n;
    if ((this.#to[MIX] as number) < 1) return;
    this.#resets += this.#heard?.resets ?? 0;
    this.#heard = this.#next;
    this.#next = null;
    this.#changing = false;
    this.#to[MIX] = 0;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) this.#change(waiting.voice);
  }
}
