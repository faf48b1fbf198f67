import { boolean, positiveInteger, record } from "../checks.js";
import { seeded, uniform } from "../random.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { checkToken, tokenSequences } from "./input.js";
import { checkSeed } from "./options.js";
import { Parameterised } from "./parameterised.js";
import { entriesUnder, matrixShape, Parameters } from "./parameters.js";

export interface EmbeddingOptions {
  /** V, the number of different tokens. */
  vocabSize: number;
  /** The size of a token's vector. */
  size: number;
  /** Of the initial vectors, U(-1, 1); 0 by default. */
  seed?: number;
  /** In a model, steps of token 0 are masked for the recurrent layers behind (Keras's mask_zero); false by default. */
  maskZero?: boolean;
}

/** Token ids [B, T] or [T] → vectors [B, T, size] or [T, size]. State dict: weight [V, size], as torch.nn.Embedding. */
export class Embedding extends Parameterised {
  readonly options: Readonly<Required<EmbeddingOptions>>;
  readonly #parameters: Parameters;

  constructor(options: EmbeddingOptions) {
    record(options, "options", {
      vocabSize: 0,
      size: 0,
      seed: 0,
      maskZero: 0,
    });
    const vocabSize = positiveInteger(options.vocabSize, "vocabSize");
    const size = positiveInteger(options.size, "size");
    const seed = checkSeed(options.seed ?? 0);
    const maskZero = boolean(options.maskZero ?? false, "maskZero");
    const random = seeded(seed);
    const parameters = new Parameters(
      [["weight", [vocabSize, size]]],
      (numbers) => uniform(numbers, 1, random),
    );
    super("Embedding", parameters);
    this.options = Object.freeze({ vocabSize, size, seed, maskZero });
    this.#parameters = parameters;
  }

  /** An embedding of the sizes that the dict tells. */
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

  /** The vectors, one after another: (V, size). Not a copy. @internal */
  get table(): Float32Array {
    return this.#parameters.get("weight") as Float32Array;
  }

  /** @throws RangeError for ids that are no integers from 0 to V - 1 */
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

  /**
   * The vectors of ids: n ids → (n, size). @internal
   *
   * @throws RangeError as `forward`
   */
  lookUp(ids: ArrayLike<number>, name: string): Float32Array {
    const { vocabSize, size } = this.options;
    const { table } = this;
    const vectors = new Float32Array(ids.length * size);
    for (let t = 0; t < ids.length; t++) {
      const id = checkToken(ids[t], vocabSize, name);
      vectors.set(table.subarray(id * size, (id + 1) * size), t * size);
    }
    return vectors;
  }
}

// Outside of the class: esbuild calls one that names itself _Embedding, and so would consoles.
const make = (options: EmbeddingOptions): Embedding => new Embedding(options);
