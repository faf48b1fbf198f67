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

/** 2 GiB: no model's memory has room for as much. */
export const MOST_NUMBERS = 2 ** 29;

/** A layer's weights by PyTorch's names, as plain arrays; where it runs on integers, its matrices as int8. */
export class Parameters {
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  /** How many numbers they are in all. */
  readonly count: number;
  readonly #draw: (size: number) => Float32Array;
  readonly #rounded: boolean;
  #values: ReadonlyMap<string, Float32Array | Integers> | null = null;
  /** Goes up with every change, so that models know when to pack the weights again. */
  version = 0;

  /**
   * @param draw the initial values of as many numbers, in the order of the names. Called when somebody first looks:
   *   weights that a file brings are never drawn, which for 10 MB takes longer than to read them
   * @param rounded whether matrices are kept as int8
   */
  constructor(
    shapes: Iterable<readonly [string, readonly number[]]>,
    draw: (size: number) => Float32Array,
    rounded = false,
  ) {
    this.#rounded = rounded;
    this.#shapes = new Map(shapes);
    let count = 0;
    for (const [name, shape] of this.#shapes) {
      count += sizeOf(shape);
      if (count < MOST_NUMBERS) continue;
      const expected = `parameters of less than ${MOST_NUMBERS} numbers in all, which is 2 GiB`;
      throw new RangeError(message(name, expected, shapeText(shape)));
    }
    this.count = count;
    this.#draw = draw;
  }

  /** The values of a parameter, null when the layer has none of that name. Those of integers are made anew. */
  get(name: string): Float32Array | null {
    const value = this.#drawn().get(name) ?? null;
    return value && "scales" in value ? widen(value) : value;
  }

  /** The integers of a parameter that is kept so. */
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

  // apart from #drawAll, whose closure would cost 40 bytes a call: an Embedding looks at every step
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

  /** Checks everything under `prefix` and copies nothing: returns what does. */
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
        Array.from(found, ([name, take]) => [name, take()]),
      );
      this.version++;
    };
  }

  /** A copy of a parameter's numbers, or of its integers, as it is kept. */
  #kept({ shape, data }: Tensor, integers: Integers | null) {
    if (!this.#rounded || shape.length < 2) return data.slice();
    // -128 has no negative in 8 bits, which the rows of some gates need
    const fits = integers && !integers.values.includes(-128);
    return fits ? copyOf(integers) : rounded(shape[0] as number, data);
  }
}

/** A matrix's rows as integers, each of its own scale. */
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

/** The dict's entries whose names begin with `prefix`, without it. A cell's names are those of a layer 0. */
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

/** The size of the matrix `name`, checked to be one. */
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
      : "no name that begins so";
    throw new RangeError(message(place, "a matrix", got));
  }
  const { shape } = checkTensor(value, place);
  if (shape.length !== 2 || shape.includes(0))
    throw new RangeError(message(place, "a matrix", describe(value)));
  return [shape[0] as number, shape[1] as number];
}
