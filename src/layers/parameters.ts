import {
  describe,
  equalShapes,
  isRecord,
  message,
  shapeText,
  wrong,
} from "../checks.js";
import {
  type Integers,
  integersOf,
  integerTensor,
  widen,
} from "../integers.js";
import { roundRow } from "../kernel/model.js";
import type { StateDict } from "../safetensors.js";
import { checkTensor, sizeOf, type Tensor } from "../tensor.js";
import type { PrecisionOptions } from "./options.js";

/** 2 GiB of float32: no model's memory can hold this many. */
export const MAX_NUMBERS = 2 ** 29;

/** A layer's weights under PyTorch's names, as plain arrays; the matrices of a layer that runs on integers as int8. */
export class Parameters {
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  /** How many numbers there are in all. */
  readonly count: number;
  readonly #draw: (size: number) => Float32Array;
  readonly #rounded: boolean;
  #values: ReadonlyMap<string, Float32Array | Integers> | null = null;
  /** Increases with every change, so that models know when to pack the weights again. */
  version = 0;

  /**
   * @param draw returns the initial values of `size` numbers; called once per parameter, in order, when one is first
   *   read. Weights that are loaded before that are never drawn, which for 10 MB takes longer than reading them
   * @param options matrices are kept as int8 unless `precision` is 'float32'
   * @throws RangeError for `ranges` of anything but a matrix, or too many numbers
   */
  constructor(
    shapes: Iterable<readonly [string, readonly number[]]>,
    draw: (size: number) => Float32Array,
    { precision = "float32", ranges = {} }: PrecisionOptions = {},
  ) {
    this.#rounded = precision !== "float32";
    this.#shapes = new Map(shapes);
    for (const name of Object.keys(ranges)) {
      if ((this.#shapes.get(name)?.length ?? 0) > 1) continue;
      const got = JSON.stringify(name);
      throw new RangeError(message("ranges", "only names of matrices", got));
    }
    let count = 0;
    for (const [name, shape] of this.#shapes) {
      count += sizeOf(shape);
      if (count < MAX_NUMBERS) continue;
      const expected = `parameters of fewer than ${MAX_NUMBERS} numbers in all (2 GiB)`;
      throw new RangeError(message(name, expected, shapeText(shape)));
    }
    this.count = count;
    this.#draw = draw;
  }

  /** The values of a parameter, null if there is none of that name. Those of integers are computed at each call. */
  get(name: string): Float32Array | null {
    const value = this.#drawn().get(name) ?? null;
    return value && "scales" in value ? widen(value) : value;
  }

  /** The integers of a parameter; null if it is kept as floats. */
  integers(name: string): Integers | null {
    const value = this.#drawn().get(name);
    return value && "scales" in value ? value : null;
  }

  /** Copies of all parameters. */
  dict(): StateDict {
    const values = this.#drawn();
    const dict: StateDict = {};
    for (const [name, shape] of this.#shapes) {
      const copy = copyOf(values.get(name) as Float32Array | Integers);
      dict[name] =
        "scales" in copy
          ? integerTensor([...shape], copy)
          : { shape: [...shape], data: copy };
    }
    return dict;
  }

  // separate from #drawAll, whose closure would cost 40 bytes a call: an Embedding comes here at every step
  #drawn(): ReadonlyMap<string, Float32Array | Integers> {
    return this.#values ?? this.#drawAll();
  }

  #drawAll(): ReadonlyMap<string, Float32Array | Integers> {
    const values = Array.from(this.#shapes, ([name, shape]) => {
      const data = this.#draw(sizeOf(shape));
      return [name, this.#kept({ shape, data }, null)] as const;
    });
    return (this.#values = new Map(values));
  }

  /** Checks everything under `prefix`, and returns a function that copies it. */
  prepare(dict: unknown, prefix: string, what: string): () => void {
    const given = entriesUnder(dict, prefix);
    const found = new Map<string, () => Float32Array | Integers>();
    for (const [name, shape] of this.#shapes) {
      const value = given.get(name);
      if (value === undefined) {
        throw new RangeError(
          message(
            `dict["${prefix}${name}"]`,
            `${shapeText(shape)} for this ${what}`,
            // a textbook has one bias where PyTorch and cuDNN add two
            /\bbias_hh_l\d/.test(name)
              ? "nothing; where there is one bias, zeros"
              : "nothing",
          ),
        );
      }
      const tensor = checkTensor(value, `dict["${prefix}${name}"]`);
      if (!equalShapes(tensor.shape, shape)) {
        throw new RangeError(
          message(
            `dict["${prefix}${name}"]`,
            shapeText(shape),
            shapeText(tensor.shape),
          ),
        );
      }
      const integers = integersOf(value, shape, tensor.data.length);
      found.set(name, () => this.#kept(tensor, integers));
    }
    for (const name of given.keys()) {
      if (!found.has(name)) {
        const names = [...this.#shapes.keys()].join(", ");
        throw new RangeError(
          message(
            `dict["${prefix}${name}"]`,
            `only the parameters of this ${what}: ${names}`,
            "an unknown one",
          ),
        );
      }
    }
    return () => {
      this.#values = new Map(
        Array.from(found, ([name, copy]) => [name, copy()]),
      );
      this.version++;
    };
  }

  /** A copy of a parameter's numbers in the form in which it is kept. */
  #kept({ shape, data }: Tensor, integers: Integers | null) {
    if (!this.#rounded || shape.length < 2) return data.slice();
    // -128 has no negative in 8 bits, which the rows of some gates need
    const fits = integers && !integers.values.includes(-128);
    return fits ? copyOf(integers) : rounded(shape[0] as number, data);
  }
}

/** A matrix as integers, each row with its own scale. */
function rounded(rows: number, data: Float32Array): Integers {
  const values = new Int8Array(data.length);
  const scales = new Float32Array(rows);
  const size = data.length / rows;
  for (let row = 0; row < rows; row++)
    scales[row] = roundRow(data, row * size, size, values, row * size);
  return { values, scales };
}

const copyOf = <T extends Float32Array | Integers>(value: T): T =>
  ("scales" in value
    ? { values: value.values.slice(), scales: value.scales.slice() }
    : value.slice()) as T;

/** The dict's entries whose names begin with `prefix`, without it. Names of an LSTMCell become those of layer 0. */
export function entriesUnder(
  dict: unknown,
  prefix: unknown,
): Map<string, unknown> {
  if (!isRecord(dict)) throw wrong(false, "dict", "an object of tensors", dict);
  if (typeof prefix !== "string")
    throw wrong(false, "prefix", "a string", prefix);
  const entries = new Map<string, unknown>();
  for (const name of Object.keys(dict)) {
    if (!name.startsWith(prefix)) continue;
    const own = name.slice(prefix.length);
    entries.set(
      /^(weight|bias)_(ih|hh)$/.test(own) ? `${own}_l0` : own,
      dict[name],
    );
  }
  return entries;
}

/** The shape of the entry `name`, which must be a matrix. */
export function matrixShape(
  entries: ReadonlyMap<string, unknown>,
  name: string,
  prefix: string,
): [number, number] {
  const place = `dict["${prefix}${name}"]`;
  const value = entries.get(name);
  if (value === undefined) {
    const names = [...entries.keys()].slice(0, 6).join(", ");
    const got = entries.size
      ? `only ${names}${entries.size > 6 ? ", …" : ""}`
      : "no name with this prefix";
    throw new RangeError(message(place, "a matrix", got));
  }
  const { shape } = checkTensor(value, place);
  if (shape.length !== 2 || shape.includes(0))
    throw new RangeError(message(place, "a matrix", describe(value)));
  return [shape[0] as number, shape[1] as number];
}
