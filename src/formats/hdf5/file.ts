/*
 * HDF5 files as h5py writes them for Keras: groups, float datasets in one piece, attributes that are text.
 *
 * jsfive walks the groups and reads the types: it is the only reader that is synchronous and runs in a page. h5wasm,
 * the HDF Group's own code compiled, starts asynchronously, weighs 4 MB, and nothing could end its work on a hostile
 * file. What bounds jsfive is in metered.ts; the numbers themselves are copied here, one copy a dataset.
 */
import { type Dataset, File, Group, type Message } from "jsfive";
import { DTYPES } from "../../dtypes.js";
import { FormatError, reasonOf } from "../../errors.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import type { Budget } from "../budget.js";
import { Attributes } from "./attributes.js";
import { MeteredBuffer } from "./metered.js";

/** Types of messages. */
const DATATYPE = 3;
const LAYOUT = 8;
const ATTRIBUTE = 12;

/** Bytes 2 to 18 of the layout are then the address and the size. */
const CONTIGUOUS = 1;

/** By jsfive's names, which tell only the size: what they are, and the bits of their exponents. */
const FLOATS = new Map<unknown, readonly [name: string, exponent: number]>([
  ["<f2", ["F16", 5]],
  ["<f4", ["F32", 8]],
  ["<f8", ["F64", 11]],
]);

/** Where the datatype of a float has the bits of its exponent: bfloat16 has 8. */
const EXPONENT = 13;

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

export function isHdf5(file: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => file[i] === byte);
}

export class Hdf5File {
  readonly #file: Uint8Array;
  readonly #budget: Budget;
  /** Before the path in messages: "model.weights.h5" where the file is in a zip file. */
  readonly #place: string;
  readonly #meter: MeteredBuffer;
  readonly #attributes: Attributes;
  readonly #root: Group;
  /** By their paths, so that each is read once. */
  readonly #groups = new Map<string, Group>();

  /**
   * @param budget that the numbers of datasets are taken from
   * @throws FormatError when it is no such file
   */
  constructor(file: Uint8Array, budget: Budget, place = "") {
    this.#file = file;
    this.#budget = budget;
    this.#place = place;
    this.#meter = new MeteredBuffer(file);
    this.#attributes = new Attributes(file, (n) => this.#meter.charge(n, 0));
    if (!isHdf5(file))
      throw new FormatError("expected an HDF5 file", this.at("/"));
    this.#root = this.#read("/", () => new File(this.#meter));
  }

  /** The names of what is in the group; null when there is no such group. */
  names(path: string): string[] | null {
    const group = this.#find(path);
    return group instanceof Group ? Object.keys(group._links) : null;
  }

  /** The text of an attribute; null when there is none. */
  text(path: string, name: string): string | null {
    const found = this.#texts(path, name);
    if (found === null) return null;
    const [text] = found.texts;
    if (!found.array && text !== undefined) return text;
    throw new FormatError(`expected ${name} to be one text`, this.at(path));
  }

  /** The texts of an attribute that is an array; null when there is none. */
  list(path: string, name: string): string[] | null {
    const found = this.#texts(path, name);
    if (found === null || found.array) return found && found.texts;
    throw new FormatError(`expected ${name} to be an array`, this.at(path));
  }

  /** Whether a path is a dataset of floats of a size that `dataset` reads. */
  isFloats(path: string): boolean {
    const found = this.#find(path);
    if (found === null || found instanceof Group) return false;
    return this.#read(path, () => FLOATS.has(found.dtype));
  }

  /**
   * A dataset of floats; null when there is none of that path.
   *
   * @throws FormatError when it is of another type, compressed, or not there in full
   */
  dataset(path: string): Tensor | null {
    const found = this.#find(path);
    if (found === null || found instanceof Group) return null;
    const { shape, float, start, end } = this.#read(path, () =>
      this.#locate(found),
    );
    this.#budget.take(((end - start) / float.size) * 4, this.at(path));
    return { shape, data: float.read(this.#file.slice(start, end).buffer) };
  }

  /** Where a path is, as errors name it. */
  at(path: string): string {
    return `${this.#place}${path.slice(0, 300)}`;
  }

  #find(path: string): Group | Dataset | null {
    let found: Group | Dataset = this.#root;
    let at = "";
    for (const name of path.split("/").slice(1)) {
      if (name === "" && path === "/") break;
      at += `/${name}`;
      const parent: Group | Dataset = found;
      if (!(parent instanceof Group) || !Object.hasOwn(parent._links, name))
        return null;
      if (typeof parent._links[name] === "string")
        throw new FormatError("expected no soft link", this.at(at));
      found = this.#groups.get(at) ?? this.#read(at, () => parent.get(name));
      if (found instanceof Group) this.#groups.set(at, found);
    }
    return found;
  }

  #texts(path: string, name: string) {
    const object = this.#find(path);
    if (object === null) return null;
    return this.#read(path, () => {
      for (const message of object._dataobjects.find_msg_type(ATTRIBUTE)) {
        const [at, size] = positionOf(message);
        if (this.#attributes.name(at) === name)
          return this.#attributes.texts(at, size);
      }
      return null;
    });
  }

  #locate(dataset: Dataset) {
    const { dtype, shape } = dataset;
    const view = new DataView(this.#meter);
    const position = (type: number): number =>
      positionOf(dataset._dataobjects.find_msg_type(type)[0] as Message)[0];
    const [name, exponent] = FLOATS.get(dtype) ?? [];
    const float = DTYPES.get(name);
    if (!float || view.getUint8(position(DATATYPE) + EXPONENT) !== exponent)
      throw new FormatError(`expected float16, 32 or 64, got ${String(dtype)}`);
    const count = sizeOf(shape);
    const size = count * float.size;
    const at = position(LAYOUT);
    if (view.getUint8(at) !== 3 || view.getUint8(at + 1) !== CONTIGUOUS)
      throw new FormatError(
        "expected a contiguous dataset, as Keras writes it, got a chunked or compressed one; convert it with `h5repack -l CONTI -f NONE`",
      );
    const start = Number(view.getBigUint64(at + 2, true));
    const end = start + Number(view.getBigUint64(at + 10, true));
    if (end > this.#file.length || end - start !== size)
      throw new FormatError(
        `expected ${size} bytes in a file of ${this.#file.length}, got ${end - start} from ${start} on`,
      );
    return { shape, float, start, end };
  }

  /** What jsfive throws are strings and errors of all kinds. */
  #read<T>(path: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      const what = reasonOf(error);
      throw new FormatError(what.slice(0, 300), this.at(path));
    }
  }
}

function positionOf(message: Message): [start: number, size: number] {
  return [
    message.get("offset_to_message") as number,
    message.get("size") as number,
  ];
}
