import { Model, type StageSpec, type StreamState } from "../kernel/model.js";
import type { BackendChoice } from "./options.js";

/** A layer, as far as the model that runs it is concerned. */
export interface Packable {
  readonly stages: readonly StageSpec[];
  /** The version of its weights; see Parameters. */
  readonly version: number;
}

/**
 * Layers packed into one model when they first run, and packed again when their weights change. Only the layer or
 * Sequential that owns it holds the model, so the two become unreachable together.
 */
export class PackedModel {
  readonly #what: string;
  readonly #layers: readonly Packable[];
  readonly #backend: BackendChoice;
  readonly #skip: number;
  readonly #alone = new Map<Packable, PackedModel>();
  #model: Model | null = null;
  #versions = 0;
  #disposed = false;

  constructor(
    what: string,
    layers: readonly Packable[],
    backend: BackendChoice,
    skip = 0,
  ) {
    this.#what = what;
    this.#layers = layers;
    this.#backend = backend;
    this.#skip = skip;
  }

  get model(): Model {
    let versions = 0;
    for (const layer of this.#layers) versions += layer.version;
    if (!this.#model) {
      this.#checkUse();
      const stages = this.#layers.flatMap((layer) => layer.stages);
      this.#model = new Model(stages, this.#backend, this.#skip);
    } else if (versions !== this.#versions) this.#model.network.repack();
    this.#versions = versions;
    return this.#model;
  }

  /** A model of just one of the layers, for when they run one by one. */
  modelOf(layer: Packable): Model {
    this.#checkUse();
    let own = this.#alone.get(layer);
    own ??= new PackedModel(this.#what, [layer], this.#backend);
    this.#alone.set(layer, own);
    return own.model;
  }

  #checkUse(): void {
    if (!this.#disposed) return;
    throw new Error(
      `${this.#what}: expected a layer or model in use, got one that was disposed of`,
    );
  }

  /** Frees a stream's slot, if the model is still there. */
  close(stream: StreamState): void {
    this.#model?.close(stream);
  }

  dispose(): void {
    this.#model?.dispose();
    this.#model = null;
    for (const own of this.#alone.values()) own.dispose();
    this.#alone.clear();
    this.#disposed = true;
  }
}
