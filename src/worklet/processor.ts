/*
 * The audio thread's side, bundled into one file, dist/worklet-processor.js, because a worklet cannot resolve package
 * names. The work is done in engine.ts; this is its interface to the AudioWorklet.
 */
import { isSaved, loadGraph } from "../graph/index.js";
import { currentBackend } from "../kernel/load.js";
import { Sequential } from "../models/sequential.js";
import { packError } from "../messages.js";
import type { FrameModel } from "../signal/frame-model.js";
import { Engine } from "./engine.js";
import type { FrameListener } from "./frame-voice.js";
import {
  CHANNELS,
  type LoadReport,
  type ModelInfo,
  PARAMETERS,
  PROCESSOR,
  type ProcessorOptions,
  type Reply,
  type Request,
  type VoiceOptions,
} from "./protocol.js";
import { Stopwatch } from "./stopwatch.js";

/** What an AudioWorkletGlobalScope has and TypeScript's DOM library does not know. */
interface WorkletScope {
  readonly sampleRate: number;
  readonly currentTime: number;
  readonly AudioWorkletProcessor: new () => { readonly port: MessagePort };
  registerProcessor(name: string, processor: unknown): void;
}
type Parameters = Record<string, Float32Array>;

const scope = globalThis as unknown as WorkletScope;
const { sampleRate, AudioWorkletProcessor, registerProcessor } = scope;
const now = () => scope.currentTime;

class GatewiseProcessor extends AudioWorkletProcessor {
  static readonly parameterDescriptors = PARAMETERS;
  readonly #engine: Engine;
  readonly #stopwatch: Stopwatch;
  #watched = false;
  readonly #controls = { inputGain: 1, outputGain: 1, bypass: 0 };

  constructor({
    processorOptions,
  }: { processorOptions?: ProcessorOptions } = {}) {
    super();
    const { channels = CHANNELS, clock } = processorOptions ?? {};
    this.#engine = new Engine(sampleRate, channels);
    this.#stopwatch = new Stopwatch(sampleRate, clock);
    this.port.onmessage = ({ data }: MessageEvent<Request>) =>
      this.port.postMessage(this.#reply(data));
  }

  #reply(request: Request): Reply {
    const { id } = request;
    try {
      return { id, value: this.#answer(request) };
    } catch (error) {
      return { id, error: packError(error) };
    }
  }

  #answer(request: Request): ModelInfo | LoadReport | null {
    if (request.type === "report")
      return this.#stopwatch.report(this.#engine.resets);
    if (request.type === "reset") this.#engine.reset();
    else if (request.type === "conditions")
      this.#engine.setConditions(request.values);
    else if (request.type === "watch") this.#watched = request.on;
    else return this.#load(request.bytes, request.options);
    return null;
  }

  #load(bytes: readonly Uint8Array[], options: VoiceOptions): ModelInfo | null {
    const models = bytes.map(loadModel);
    const [model] = models;
    if (!model) {
      this.#engine.load(null);
      return null;
    }
    const played = models.length > 1 ? models : model;
    const player = this.#engine.load(played, options, this.#onFrame);
    return {
      inputSize: player?.inputSize ?? 0,
      backend: currentBackend(),
      latency: (1000 * (player?.latency ?? 0)) / sampleRate,
    };
  }

  /** Posts only while somebody listens, because each message becomes garbage. */
  readonly #onFrame: FrameListener = (channel, frame, numbers) => {
    if (!this.#watched) return;
    const event = { channel, time: now(), frame, numbers };
    this.port.postMessage({ event } satisfies Reply);
  };

  process(
    [inputs]: [Float32Array[]],
    [outputs]: [Float32Array[]],
    parameters: Parameters,
  ): boolean {
    this.#stopwatch.start();
    const controls = this.#controls;
    controls.inputGain = parameters["inputGain"]?.[0] ?? 1;
    controls.outputGain = parameters["outputGain"]?.[0] ?? 1;
    controls.bypass = parameters["bypass"]?.[0] ?? 0;
    this.#engine.process(inputs, outputs, controls);
    this.#stopwatch.stop(outputs[0]?.length ?? 0);
    return true;
  }
}

/** A model from what its `save` wrote. */
const loadModel = (bytes: Uint8Array): FrameModel =>
  isSaved(bytes) ? loadGraph(bytes) : Sequential.load(bytes);

registerProcessor(PROCESSOR, GatewiseProcessor);
