/*
 * What a pickle holds, in JavaScript: None is null, int a number or a bigint, str a string, bytes a Uint8Array, list
 * an array, and the rest as here. Names from the file are keys of Maps, never of objects.
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
  /** Those of a subclass such as OrderedDict, which a state dict has its `_metadata` in. */
  attributes: Dict | null = null;

  // made with the first entry: a Map takes 200 bytes, an empty dict one byte of a file
  get entries(): ReadonlyMap<unknown, unknown> {
    return this.#entries ?? NO_ENTRIES;
  }

  set(key: unknown, value: unknown): void {
    (this.#entries ??= new Map()).set(key, value);
  }
}

const NO_ENTRIES: ReadonlyMap<unknown, unknown> = new Map();

/** A class or function of those that may be called, which is done by our own code. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[], place: string) => unknown,
  ) {}
}

/** A value that messages name: torch.float16, device cuda:0, a tensor. */
export class Named {
  constructor(readonly name: string) {}
}

/**
 * What stands for a class or a function that is none of ours, and for the objects of it: its name, and what the
 * program put into it. Nothing is looked up by the name, and nothing is called.
 */
export class Placeholder {
  /** The attributes, where the program sets some. */
  state: unknown = null;
  /** Of a subclass of dict. */
  readonly entries = new Dict();
  /** Of a subclass of list or set. */
  readonly items: unknown[] = [];

  constructor(
    readonly name: string,
    /** Of an object of it; a class or a function alone is none. */
    readonly isObject: boolean,
  ) {}
}

/** What came, in a few words. */
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

/** A name from the file as messages show it: on one line, and not too long. */
export function quote(name: string): string {
  const short = name.length > 100 ? `${name.slice(0, 100)}…` : name;
  return /^[\w.$-]+$/.test(short) ? short : JSON.stringify(short);
}
