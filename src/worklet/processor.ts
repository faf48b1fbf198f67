/*
 * The audio thread's side: bundled into one file, dist/worklet-processor.js, because a worklet resolves no package
 * names. What it does is in engine.ts; here it meets the AudioWorklet.
 */
import { currentBackend } from "../kernel/load.js";
import { Sequential } from "../layers/sequential.js";
import { packError } from "../threads.js";
import { Engine } from "./engine.js";
import {
  CHANNELS,
  type LoadReport,
  type ModelInfo,
  PARAMETERS,
  PROCESSOR,
  type ProcessorOptions,
  type Reply,
  type Request,
} from "./protocol.js";
import { Stopwatch } from "./stopwatch.js";

/** What an AudioWorkletGlobalScope has and TypeScript's DOM library does not know. */
interface WorkletScope {
  readonly sampleRate: number;
  readonly AudioWorkletProcessor: new () => { readonly port: MessagePort };
  registerProcessor(name: string, processor: unknown): void;
}
type Parameters = Record<string, Float32Array>;

const { sampleRate, AudioWorkletProcessor, registerProcessor } =
  globalThis as unknown as WorkletScope;

class GatewiseProcessor extends AudioWorkletProcessor {
  static readonly parameterDescriptors = PARAMETERS;
  readonly #engine: Engine;
  readonly #stopwatch: Stopwatch;
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
    else {
      const model = request.bytes && Sequential.load(request.bytes);
      this.#engine.load(model, request.options);
      return model && infoOf(model);
    }
    return null;
  }

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

const infoOf = (model: Sequential): ModelInfo => ({
  inputSize: model.inputSize,
  backend: currentBackend(),
});

registerProcessor(PROCESSOR, GatewiseProcessor);
