/*
 * The model of live streams, as one file: a chain of layers, or a graph with the settings by which it is fed from frame to
 * frame. Streams of the same file have the same model, wherever they are opened.
 */
import {
  describe,
  isRecord,
  message,
  positiveInteger,
  wrong,
} from "../../checks.js";
import { FormatError } from "../../errors.js";
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

/** How a graph is fed with frames. */
export interface LiveSettings extends Pick<Feedback, "inputs" | "states"> {
  /** The size of a frame, needed if the model's input does not determine it. */
  frame?: number;
}

/** The key of the settings in the file's metadata. */
const SETTINGS = "gatewise.stream";

/** A model whose frames and answers each have one size. */
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
        message(
          "frame",
          "the size of a frame",
          "none, for an input of free size",
        ),
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
    const [name] = Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name]) => name);
    if (name === undefined) return bytes;
    if (!isSaved(bytes))
      throw wrong(
        true,
        name,
        "no setting for a Sequential, which only graphs need",
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

/** What a stream needs to know of its model. */
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
   * @throws what the model throws; RangeError if an answer has another size than those before
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
          message(
            "model",
            `${outputSize} outputs per frame`,
            `${answer.length}`,
          ),
        );
      answers.set(answer, i * outputSize);
    }
    return answers;
  }

  /** The state as bytes. */
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
  // loaded on demand: most queues have no graph, whose operations are 300 kB of code
  const graph = await import("../../graph/load-graph.js");
  return graph.loadGraph(bytes);
}

function settingsOf(bytes: Uint8Array): LiveSettings {
  const text = parse(bytes).metadata[SETTINGS];
  if (text === undefined) return {};
  try {
    const settings: unknown = JSON.parse(text);
    if (isRecord(settings)) return settings;
  } catch {
    // refused below
  }
  throw new FormatError(
    message(SETTINGS, "a JSON object", describe(text)),
    "metadata",
  );
}
