/*
 * The values of a pickle in JavaScript. None becomes null, int a number or a bigint, str a string, bytes a Uint8Array,
 * list an array; the other types are here. Names from the file are keys of Maps, never of objects.
 */
import { describe } from "../../../checks.js";

export class Tuple {
  constructor(readonly items: readonly unknown[]) {}
}

export class PythonSet {
  constructor(readonly items: unknown[]) {}
}

export class Dict {
  #entries: Map<unknown, unknown> | null = null;
  /** The attributes of a subclass such as OrderedDict; a state dict has its `_metadata` there. */
  attributes: Dict | null = null;

  // created with the first entry: a Map takes 200 bytes, but an empty dict only one byte of the file
  get entries(): ReadonlyMap<unknown, unknown> {
    return this.#entries ?? NO_ENTRIES;
  }

  set(key: unknown, value: unknown): void {
    (this.#entries ??= new Map()).set(key, value);
  }
}

const NO_ENTRIES: ReadonlyMap<unknown, unknown> = new Map();

/** A class or function that may be called: our own code stands in for it. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[], place: string) => unknown,
  ) {}
}

/** A value with a name for messages: torch.float16, device cuda:0, a tensor. */
export class Named {
  constructor(readonly name: string) {}
}

/**
 * Stands in for an unknown class or function, or for an object of it: has its name, and what the pickle put into it.
 * Nothing is looked up by the name, and nothing is called.
 */
export class Placeholder {
  /** The attributes, if the pickle sets some. */
  state: unknown = null;
  /** The entries of a subclass of dict. */
  readonly entries = new Dict();
  /** The items of a subclass of list or set. */
  readonly items: unknown[] = [];

  constructor(
    readonly name: string,
    /** Whether it is an object; false for a class or a function. */
    readonly isObject: boolean,
  ) {}
}

/** Describes a value in messages. */
export function describeValue(value: unknown): string {
  if (value instanceof Placeholder) {
    const name = quote(value.name);
    return value.isObject ? `an object of ${name}` : name;
  }
  if (value instanceof Tuple) return `a tuple of ${value.items.length}`;
  if (value instanceof PythonSet) return `a set of ${value.items.length}`;
  if (value instanceof Dict) return `a dict of ${value.entries.size}`;
  if (value instanceof Callable || value instanceof Named) return value.name;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value === null) return "None";
  if (typeof value === "bigint") return "a large integer";
  return describe(value);
}

/** A name from the file for messages: on one line, and shortened. */
export function quote(name: string): string {
  const short = name.length > 100 ? `${name.slice(0, 100)}…` : name;
  return /^[\w.$-]+$/.test(short) ? short : JSON.stringify(short);
}
