import { wrong } from "../checks.js";
import type { Sequential } from "../models/sequential.js";
import { type FrameModel, isModel } from "../signal/frame-model.js";
import { checkSettings } from "../signal/frame-settings.js";
import { type FrameListener, FrameVoice } from "./frame-voice.js";
import type { Player } from "./player.js";
import type { VoiceOptions } from "./protocol.js";
import { Voice } from "./voice.js";

/** A model that takes a sample and gives one, or one or more that take frames. */
export type PlayedModels = FrameModel | readonly FrameModel[];

/** A new model plays along unheard for so long, until its state has settled and its code is compiled; the first one, ahead. */
const WARM_UP_SECONDS = 0.04;
/** Then it fades in while the old one fades out; bypass does the same. */
const FADE_SECONDS = 0.008;

/*
 * What moves inside a quantum, by its place in the arrays of values at the quantum's start and end. In arrays, because
 * a number that is no integer may be allocated when it is kept in a field or handed to a function.
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
 * Models on a stream of quanta: the one that is heard, and the one that takes its place. Without one the sound
 * passes through unchanged. `process` allocates nothing. Knows nothing of AudioWorklets.
 */
export class Engine {
  readonly #channels: number;
  readonly #sampleRate: number;
  readonly #warmUp: number; // samples
  readonly #fade: number; // samples
  #heard: Player | null = null;
  #next: Player | null = null;
  /** Whether a change is under way: `#next` may be null, no model. */
  #changing = false;
  /** What is to follow when the change under way cannot be stopped any more. */
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
   * Puts a model, or several on frames, in the place of what is heard, or none. Before the first quantum at once.
   *
   * @param onFrame told of every frame; null where nobody wants to know
   * @returns what plays it
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
   * What is heard first plays to nobody before: a browser compiles what runs for the first time, and a quantum of LSTM-40
   * would take 1 to 2 ms instead of 0.06.
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

  /** The voice that was loaded last, heard or not yet. */
  get #latest(): Player | null {
    if (this.#waiting) return this.#waiting.voice;
    return this.#changing ? this.#next : this.#heard;
  }

  setConditions(values: ArrayLike<number>): void {
    const voice = this.#latest;
    if (!voice) throw new Error("conditions: expected a model, got none");
    voice.setConditions(values);
  }

  /** All states as at the start. */
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

  /** A quantum: [channel][frame] → [channel][frame]. Channels that have no input are fed with silence. */
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

  /** Where everything is to be at the end of a quantum of n frames. */
  #aim({ inputGain, outputGain, bypass }: Controls, n: number): void {
    const from = this.#from;
    const to = this.#to;
    from.set(to);
    to[INPUT_GAIN] = inputGain;
    to[OUTPUT_GAIN] = outputGain;
    if (!this.#started) {
      // the first values are where they start, not where they move to
      this.#started = true;
      to[WET] = 1 - bypass;
      from.set(to);
    }
    const most = n / this.#fade;
    const wet = from[WET] as number;
    const missing = 1 - bypass - wet;
    to[WET] = wet + Math.max(-most, Math.min(most, missing));
    if (this.#changing && this.#warm >= this.#warmUp)
      to[MIX] = Math.min(1, (from[MIX] as number) + most);
  }

  /** The signal in `output` becomes what comes out of the voice, as far as it is not bypassed. */
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

  /** From what is heard to what comes next. */
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

  /** A change goes on: warming up, fading, done, and then perhaps the next. */
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
