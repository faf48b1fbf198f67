/*
 * What live streams run: a chain of layers, or a graph and how it is fed from frame to frame, as one file. Streams of
 * the same file are streams of the same model, wherever they are opened.
 */
import { isRecord, message, positiveInteger, wrong } from "../../checks.js";
import { isSaved } from "../../graph/is-saved.js";
import { Sequential } from "../../index.js";
import { modelBytes, type ModelSource } from "../../messages.js";
import type { Model, ModelStream } from "../../models/model.js";
import { parse } from "../../safetensors.js";
import {
  type Feedback,
  frameSizeOf,
  rehearse,
  streamOf,
} from "../../signal/frame-model.js";
import { packState, unpackState } from "./checkpoint.js";

/** How a graph is fed, and with how many numbers at a time. */
export interface LiveSettings extends Pick<Feedback, "inputs" | "states"> {
  /** Numbers of a frame, where the model's input does not say how many. */
  frame?: number;
}

/** Where the settings stand in the file's metadata. */
const SETTINGS = "gatewise.stream";

/** A model whose frames are all of one size, and its answers too. */
export class LiveModel {
  /** Numbers of a frame. */
  readonly inputSize: number;
  /** Numbers of an answer. */
  readonly outputSize: number;
  readonly #model: Model;
  readonly #settings: LiveSettings;

  private constructor(model: Model, settings: LiveSettings) {
    this.#model = model;
    this.#settings = settings;
    const size = settings.frame ?? frameSizeOf(model);
    if (size === null)
      throw new RangeError(
        message("frame", "the numbers of a frame", "an input of free size"),
      );
    this.inputSize = size;
    this.outputSize =
      model instanceof Sequential
        ? model.outputSize
        : rehearse(streamOf(model, settings), size, null);
  }

  /**
   * The file of a model and its settings.
   *
   * @throws TypeError, RangeError that name the setting
   */
  static async file(
    source: ModelSource,
    settings: LiveSettings,
  ): Promise<Uint8Array> {
    const bytes = modelBytes(source);
    const given = Object.entries(settings).filter(
      ([, own]) => own !== undefined,
    );
    const [name] = given.map(([name]) => name);
    if (name === undefined) return bytes;
    if (!isSaved(bytes))
      throw wrong(
        true,
        name,
        "none: a chain of layers is fed by itself",
        "one",
      );
    if (settings.frame !== undefined) positiveInteger(settings.frame, "frame");
    const graph = await loadGraph(bytes);
    return graph.save({ [SETTINGS]: JSON.stringify(settings) });
  }

  /** @throws FormatError, RangeError for what cannot be a live stream's model */
  static async load(bytes: Uint8Array): Promise<LiveModel> {
    if (isSaved(bytes))
      return new LiveModel(await loadGraph(bytes), settingsOf(bytes));
    const model = Sequential.load(bytes);
    if (!model.streamable || model.lastOnly)
      throw wrong(true, "model", "one that answers every step", model);
    return new LiveModel(model, {});
  }

  stream(): LiveModelStream {
    const stream = streamOf(this.#model, this.#settings) as ModelStream;
    const { inputSize, outputSize } = this;
    const chain = this.#model instanceof Sequential;
    return new LiveModelStream(stream, { inputSize, outputSize, chain });
  }
}

/** What a stream has to know of its model. */
interface StreamFacts {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Whether it is a chain of layers, which runs frames in one go. */
  readonly chain: boolean;
}

/** One sequence running through a live model. */
export class LiveModelStream {
  readonly #stream: ModelStream;
  readonly #facts: StreamFacts;

  /** @internal */
  constructor(stream: ModelStream, facts: StreamFacts) {
    this.#stream = stream;
    this.#facts = facts;
  }

  /**
   * @param frames [n, inputSize]
   * @returns [n, outputSize]
   * @throws what the model throws; RangeError where an answer is not of the size of those before
   */
  run(frames: Float32Array): Float32Array {
    const { inputSize, outputSize, chain } = this.#facts;
    if (chain) return this.#stream.run(frames);
    const count = frames.length / inputSize;
    const answers = new Float32Array(count * outputSize);
    for (let i = 0; i < count; i++) {
      const frame = frames.subarray(i * inputSize, (i + 1) * inputSize);
      const answer = this.#stream.step(frame);
      if (answer.length !== outputSize)
        throw new RangeError(
          message("model", `${outputSize} numbers a frame`, `${answer.length}`),
        );
      answers.set(answer, i * outputSize);
    }
    return answers;
  }

  /** Where it stands, as bytes. */
  save(): Uint8Array {
    return packState(this.#stream.state);
  }

  /** @throws FormatError, TypeError, RangeError for the state of another model */
  restore(bytes: Uint8Array): void {
    this.#stream.state = unpackState(bytes, this.#stream.state);
  }

  dispose(): void {
    this.#stream.dispose();
  }
}

async function loadGraph(bytes: Uint8Array): Promise<Model> {
  // most queues have no graph, and their operations are 300 kB of code
  const graph = await import("../../graph/load-graph.js");
  return graph.loadGraph(bytes);
}

function settingsOf(bytes: Uint8Array): LiveSettings {
  const text = parse(bytes).metadata[SETTINGS];
  const settings: unknown = text === undefined ? {} : JSON.parse(text);
  return isRecord(settings) ? settings : {};
}
