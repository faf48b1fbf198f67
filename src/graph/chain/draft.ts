/*
 * A Sequential in the making: its layers so far, and how the graph's value lies that they give.
 */
import type { Layer } from "../../layers/layer.js";
import type { BackendChoice } from "../../layers/options.js";
import { LAYER_TYPES } from "../../models/layer-types.js";
import type { StateDict } from "../../safetensors.js";

type LayerType = keyof typeof LAYER_TYPES;

interface Piece {
  readonly type: LayerType;
  options: Readonly<Record<string, unknown>>;
  weights: StateDict;
}

/** Those that no node of a graph has run as, and that a kernel runs. */
const OTHERS = /^(Activation|Conv1d|.*Norm)$/;

export class Draft {
  /**
   * The axes in the graph's order, a letter each: batch B, time T, directions D of a bidirectional node, features F; 1 for
   * one of size 1.
   */
  axes: string;
  /** The size of F; 0 while that is not known, 1 where there are tokens. */
  features: number;
  /** The size of D. */
  directions = 1;
  /** Whether the value is tokens still. */
  tokens: boolean;
  /** Zeros before and behind the steps, which no layer has taken yet. */
  #pads: readonly [number, number] = [0, 0];
  readonly #pieces: Piece[] = [];
  #spent = 0;

  constructor(axes: string, features: number) {
    this.axes = axes;
    this.features = features;
    this.tokens = !axes.includes("F");
  }

  /** Whether layers can compute with it: the directions side by side. */
  get whole(): boolean {
    return !this.tokens && !this.axes.includes("D");
  }

  get isPadded(): boolean {
    return this.#pads.some((n) => n !== 0);
  }

  pad(before: number, behind: number): true {
    const [first, last] = this.#pads;
    this.#pads = [first + before, last + behind];
    return true;
  }

  takePads(): readonly [number, number] {
    const pads = this.#pads;
    this.#pads = [0, 0];
    return pads;
  }

  /** Whether so many numbers more may be looked at, where a chain may cost `most` of them in all. */
  spend(numbers: number, most: number): boolean {
    this.#spent += numbers;
    return this.#spent <= most;
  }

  add(type: LayerType, options: object, weights: StateDict = {}): true {
    this.#pieces.push({ type, options: { ...options }, weights });
    return true;
  }

  /** A layer that a node of the graph runs as. */
  addLayer(layer: Layer, options: object = {}): true {
    const all = { ...layer.options, ...options };
    return this.add(layer.type as LayerType, all, layer.stateDict());
  }

  /** The last layer where it is one of `types`. */
  last(...types: readonly LayerType[]): Piece | null {
    const piece = this.#pieces.at(-1);
    return piece && types.includes(piece.type) ? piece : null;
  }

  /** Gives the last layer other options, and weights beside its own. */
  change(options: object, weights: StateDict = {}): true {
    const piece = this.#pieces.at(-1) as Piece;
    piece.options = { ...piece.options, ...options };
    piece.weights = { ...piece.weights, ...weights };
    return true;
  }

  /** The last step goes on: of a recurrent layer that runs forward alone it is the layer's own, which streams. */
  end(): true {
    const before = this.#pieces.at(-1);
    if (before?.options["direction"] !== "forward")
      return this.add("LastStep", { size: this.features });
    return this.change({ returnSequences: false });
  }

  /** The last step, which has just been taken, so many times; false where it has not. */
  repeatLast(repeat: number): boolean {
    const before = this.#pieces.at(-1);
    if (before?.type === "LastStep" && !before.options["repeat"])
      return this.change({ repeat });
    if (before?.options["returnSequences"] !== false) return false;
    if (before.options["direction"] !== "forward") return false;
    this.change({ returnSequences: true });
    return this.add("LastStep", { size: this.features, repeat });
  }

  /** @throws TypeError, RangeError where the layers are none, or do not fit their weights */
  build(backend: BackendChoice): Layer[] {
    return this.#pieces.map(({ type, options, weights }) => {
      const own = OTHERS.test(type) ? { ...options, backend } : options;
      return new LAYER_TYPES[type](own as never).loadStateDict(weights);
    });
  }
}
