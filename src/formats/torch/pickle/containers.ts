/*
 * Filling lists, sets and dicts. `fail` makes the error for a target or a key that is none.
 */
import type { FormatError } from "../../../errors.js";
import { describeValue, Dict, PythonSet } from "./values.js";

type Fail = (message: string) => FormatError;

export function append(items: unknown[], list: unknown, fail: Fail): void {
  if (!Array.isArray(list)) throw wrong("a list", list, fail);
  extend(list, items);
}

export function addItems(items: unknown[], set: unknown, fail: Fail): void {
  if (!(set instanceof PythonSet)) throw wrong("a set", set, fail);
  extend(set.items, items);
}

/** @param items keys and values in turn */
export function setItems(items: unknown[], dict: unknown, fail: Fail): Dict {
  if (!(dict instanceof Dict)) throw wrong("a dict", dict, fail);
  if (items.length % 2) throw fail("expected a value for each key");
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i];
    if (Array.isArray(key) || key instanceof Dict || key instanceof PythonSet)
      throw wrong("a key", key, fail);
    dict.set(key, items[i + 1]);
  }
  return dict;
}

/** Not push(...items): a million arguments overflow the call stack. */
function extend(list: unknown[], items: readonly unknown[]): void {
  for (const item of items) list.push(item);
}

function wrong(expected: string, got: unknown, fail: Fail): FormatError {
  return fail(`expected ${expected}, got ${describeValue(got)}`);
}
