import type { VoiceOptions } from "./protocol.js";
import { Voice } from "./voice.js";
import type { Sequential } from "../layers/sequential.js";

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
  readonly #warmUp: number; // samples
  readonly #fade: number; // samples
  #heard: Voice | null = null;
  #next: Voice | null = null;
  /** Whether a change is under way: `#next` may be null, no model. */
  #changing = false;
  /** What is to follow when the change under way cannot be stopped any more. */
  #waiting: { voice: Voice | null } | null = null;
  #warm = 0; // samples that #next has played along
  #started = false;
  readonly #from = new Float64Array(4);
  readonly #to = new Float64Array(4);
  #silence = new Float32Array(128);
  #resets = 0; // of voices that are gone

  constructor(sampleRate: number, channels: number) {
    this.#channels = channels;
    this.#warmUp = Math.round(WARM_UP_SECONDS * sampleRate);
    this.#fade = Math.round(FADE_SECONDS * sampleRate);
  }

  /** Puts a model in the place of the one that is heard, or none. Before the first quantum at once. */
  load(model: Sequential | null, options: VoiceOptions = {}): void {
    const voice = model && new Voice(model, this.#channels, options);
    voice?.prepare(this.#silence.length);
    if (!this.#started) this.#rehearse(voice);
    else if (this.#to[MIX] !== 0) this.#waiting = { voice };
    else this.#change(voice);
  }

  /**
   * What is heard first plays to nobody before: a browser compiles what runs for the first time, and a quantum of LSTM-40
   * would take 1 to 2 ms instead of 0.06.
   */
  #rehearse(voice: Voice | null): void {
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

  #change(voice: Voice | null): void {
    this.#changing = true;
    this.#next = voice;
    this.#warm = voice ? 0 : this.#warmUp;
    this.#to[MIX] = 0;
  }

  /** The voice that was loaded last, heard or not yet. */
  get #latest(): Voice | null {
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
    if (n !== this.#silence.length) this.#silence = new Float32Array(n);
    this.#heard?.prepare(n);
    this.#next?.prepare(n);
    this.#aim(controls, n);
    for (let c = 0; c < outputs.length; c++) {
      const input = inputs[c] ?? this.#silence;
      const output = outputs[c] as Float32Array;
      output.set(input);
      if (c >= this.#channels) continue;
      const heard = this.#heard?.run(c, input, this.#from, this.#to) ?? null;
      const next = this.#next?.run(c, input, this.#from, this.#to) ?? null;
      this.#blend(output, heard, next);
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

  /** The dry signal in `output` becomes what is heard. */
  #blend(
    output: Float32Array,
    heard: Float32Array | null,
    next: Float32Array | null,
  ): void {
    const n = output.length;
    const gain0 = this.#from[OUTPUT_GAIN] as number;
    const wet0 = this.#from[WET] as number;
    const mix0 = this.#from[MIX] as number;
    const gainStep = ((this.#to[OUTPUT_GAIN] as number) - gain0) / n;
    const wetStep = ((this.#to[WET] as number) - wet0) / n;
    const mixStep = ((this.#to[MIX] as number) - mix0) / n;
    const blending = mix0 > 0 || mixStep > 0;
    for (let i = 0; i < n; i++) {
      const dry = output[i] as number;
      const gain = gain0 + gainStep * (i + 1);
      let sound = heard ? (heard[i] as number) * gain : dry;
      if (blending) {
        const other = next ? (next[i] as number) * gain : dry;
        sound += (mix0 + mixStep * (i + 1)) * (other - sound);
      }
      const wet = wet0 + wetStep * (i + 1);
      output[i] = wet === 1 ? sound : dry + wet * (sound - dry);
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
