import { record } from "../checks.js";
import type { StateDict } from "../safetensors.js";
import type { Parameters } from "./parameters.js";

/** What every layer is: parameters by PyTorch's names, which may be none. */
export abstract class Parameterised {
  readonly #name: string;
  readonly #parameters: Parameters;

  /** @param name of the layer's class, as messages have it */
  protected constructor(name: string, parameters: Parameters) {
    this.#name = name;
    this.#parameters = parameters;
  }

  /** Goes up with every change of the weights. @internal */
  get version(): number {
    return this.#parameters.version;
  }

  /** Copies of the weights by PyTorch's names, in its gate order and shapes. */
  stateDict(): StateDict {
    return this.#parameters.dict();
  }

  /**
   * Takes over weights by PyTorch's names under `prefix`; streams keep their states.
   *
   * @throws TypeError, RangeError for a parameter that is missing, has another shape or is unknown; nothing has
   *   then changed
   */
  loadStateDict(dict: StateDict, options: { prefix?: string } = {}): this {
    const { prefix = "" } = record(options, "options", { prefix: 0 });
    this.prepareStateDict(dict, prefix as string)();
    return this;
  }

  /** Checks what `loadStateDict` would take over, and returns what takes it over. @internal */
  prepareStateDict(dict: StateDict, prefix: string): () => void {
    return this.#parameters.prepare(dict, prefix, this.#name);
  }

  /** Gives the kernel's memory back now, if the layer has any. Optional: an unreachable layer gives it back by itself. */
  dispose(): void {}
}
