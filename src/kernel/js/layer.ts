import {
  type Activation,
  type ActivationCode,
  ACTIVATIONS,
} from "../activations.js";
import { LAYER } from "../fields.js";
import type { Memory } from "../memory.js";

/** The fields of a record, by name. */
export class Fields<Name extends string> {
  readonly #memory: Memory;
  readonly #at: number;
  readonly #names: readonly Name[];

  constructor(memory: Memory, address: number, names: readonly Name[]) {
    this.#memory = memory;
    this.#at = address >> 2;
    this.#names = names;
  }

  int(name: Name): number {
    return this.#memory.i32[this.#at + this.#names.indexOf(name)] as number;
  }

  float(name: Name): number {
    return this.#memory.f32[this.#at + this.#names.indexOf(name)] as number;
  }

  /** An address as a float's index. */
  index(name: Name): number {
    return this.int(name) >> 2;
  }
}

/** The first fields of every layer's record (assembly/layer.ts), read once; widths, strides and addresses are counted in floats. */
export class LayerRecord {
  readonly input: number;
  readonly format: number;
  readonly inputWidth: number;
  readonly panels: number;
  readonly zStride: number;
  readonly yStride: number;
  /** The lanes of the output, and how many of them are used. */
  readonly output: number;
  readonly outputSize: number;
  readonly activation: Activation;
  readonly general: boolean;
  /** For general cells: f, g and h. */
  readonly functions: readonly ActivationCode[];
  readonly clip: number;

  constructor(memory: Memory, address: number) {
    const fields = new Fields(memory, address, LAYER);
    this.input = fields.index("input");
    this.format = fields.int("format");
    this.inputWidth = fields.int("inputWidth");
    this.panels = fields.int("inputPanels");
    this.zStride = this.panels * 16;
    this.yStride = fields.index("outputStride");
    this.output = fields.int("outputQuads") * 4;
    this.outputSize = this.output - 4 + fields.int("outputTail");
    this.activation = ACTIVATIONS[fields.int("activation")] as Activation;
    this.general = fields.int("general") !== 0;
    this.functions = (["f", "g", "h"] as const).map((letter) => ({
      number: fields.int(letter),
      a: fields.float(`${letter}a`),
      b: fields.float(`${letter}b`),
    }));
    this.clip = fields.float("clip");
  }
}

/** The layers in a memory; each is read when it first runs. */
export function layersOf<T>(
  memory: Memory,
  Type: new (memory: Memory, address: number) => T,
): (address: number) => T {
  const layers = new Map<number, T>();
  return (address) => {
    let layer = layers.get(address);
    if (!layer) {
      layer = new Type(memory, address);
      layers.set(address, layer);
    }
    return layer;
  };
}
