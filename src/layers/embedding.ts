import {
  boolean,
  positiveInteger,
  record,
  refuseForeignNames,
} from "../checks.js";
import { seeded, uniform } from "../random.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { checkToken, tokenSequences } from "./input.js";
import {
  Layer,
  type LayerDescription,
  type LayerInput,
  type TokenTable,
} from "./layer.js";
import { bothMasks } from "./mask.js";
import { layerSeed } from "./options.js";
import { entriesUnder, matrixShape, Parameters } from "./parameters.js";

/** Options of an `Embedding`. */
export interface EmbeddingOptions {
  /** V, the number of different tokens. */
  vocabSize: number;
  /** The size of a token's vector. */
  size: number;
  /** Seed of the initial vectors, U(-1, 1); by default each layer gets its own, the same in every run. */
  seed?: number;
  /** In a model, masks the steps of token 0 for the recurrent layers after it (Keras's mask_zero); false by default. */
  maskZero?: boolean;
}

/** Token ids [B, T] or [T] → vectors [B, T, size] or [T, size]. State dict: weight [V, size], as torch.nn.Embedding. */
export class Embedding extends Layer {
  declare readonly type: "Embedding";
  readonly options: Readonly<Required<EmbeddingOptions>>;
  /** @internal */
  readonly vocabSize: number;
  /** @internal */
  readonly size: number;
  readonly #parameters: Parameters;

  constructor(options: EmbeddingOptions) {
    refuseForeignNames(record(options, "options"));
    record(options, "options", {
      vocabSize: 0,
      size: 0,
      seed: 0,
      maskZero: 0,
    });
    const vocabSize = positiveInteger(options.vocabSize, "vocabSize");
    const size = positiveInteger(options.size, "size");
    const seed = layerSeed(options.seed);
    const maskZero = boolean(options.maskZero ?? false, "maskZero");
    const random = seeded(seed);
    const parameters = new Parameters(
      [["weight", [vocabSize, size]]],
      (numbers) => uniform(numbers, 1, random),
    );
    super({
      type: "Embedding",
      inputSize: 1,
      outputSize: size,
      parameters,
      masks: maskZero,
      takesTokens: true,
    });
    this.options = Object.freeze({ vocabSize, size, seed, maskZero });
    this.vocabSize = vocabSize;
    this.size = size;
    this.#parameters = parameters;
  }

  /** An embedding from a state dict, which tells the sizes. */
  static fromStateDict(
    dict: StateDict,
    options: { prefix?: string } & Partial<EmbeddingOptions> = {},
  ): Embedding {
    record(options, "options");
    const { prefix = "", ...given } = options;
    const [vocabSize, size] = matrixShape(
      entriesUnder(dict, prefix),
      "weight",
      prefix,
    );
    return make({ vocabSize, size, ...given }).loadStateDict(dict, {
      prefix,
    });
  }

  /** @internal */
  get vectors(): Float32Array {
    return this.#parameters.get("weight") as Float32Array;
  }

  /**
   * Token ids [B, T] or [T] → vectors [B, T, size] or [T, size].
   *
   * @throws RangeError for ids that are not integers from 0 to V - 1
   */
  forward(input: TensorLike): { output: Tensor } {
    const { size } = this.options;
    const tokens = tokenSequences(input);
    const axes = tokens.batched ? [tokens.batch, tokens.steps] : [tokens.steps];
    return {
      output: {
        shape: [...axes, size],
        data: this.lookUp(tokens.data, "input"),
      },
    };
  }

  /** @internal */
  lookUp(ids: ArrayLike<number>, name: string): Float32Array {
    const { vocabSize, size, vectors: table } = this;
    const vectors = new Float32Array(ids.length * size);
    for (let t = 0; t < ids.length; t++) {
      const id = checkToken(ids[t], vocabSize, name);
      vectors.set(table.subarray(id * size, (id + 1) * size), t * size);
    }
    return vectors;
  }

  /** @internal */
  override get tokenTable(): TokenTable {
    return this;
  }

  /** Looking up a token takes none. @internal */
  override get multiplications(): number {
    return 0;
  }

  /** @internal */
  override get needsWholeSequences() {
    if (!this.masks) return null;
    return [
      "a model that masks no steps",
      "an Embedding with maskZero",
    ] as const;
  }

  /** @internal */
  override get savedOptions(): Readonly<Record<string, unknown>> {
    const { vocabSize, size, maskZero } = this.options;
    return { vocabSize, size, ...(maskZero && { maskZero }) };
  }

  /** @internal */
  override get description(): LayerDescription {
    const { vocabSize, size, maskZero } = this.options;
    const convention = `PyTorch: a row a token${maskZero ? ", token 0 masked" : ""}`;
    return { sizes: { vocabSize, size }, convention };
  }

  /** Looks up tokens (B, T); those that are 0 are masked if the options say so. @internal */
  override pass(given: LayerInput) {
    const own = this.masks
      ? Uint8Array.from(given.data, (id) => (id ? 1 : 0))
      : null;
    const data = this.lookUp(given.data, "input");
    return { ...given, data, mask: bothMasks(given.mask, own), states: [] };
  }

  /** `Embedding(30 tokens → 16)` */
  override toString(): string {
    const { vocabSize, size, maskZero } = this.options;
    return `Embedding(${vocabSize} tokens → ${size}${maskZero ? ", 0 masked" : ""})`;
  }
}

// outside the class: esbuild renames a class that refers to itself to _Embedding, which consoles would show
const make = (options: EmbeddingOptions): Embedding => new Embedding(options);
