/*
 * Fills lists, sets and dicts. `fail` creates the error for a wrong target or key.
 */
import type { FormatError } from "../../../errors.js";
import { describeValue, Dict, Placeholder, PythonSet } from "./values.js";

type Fail = (message: string) => FormatError;

export function append(items: unknown[], list: unknown, fail: Fail): void {
  const target = list instanceof Placeholder ? list.items : list;
  if (!Array.isArray(target)) throw wrong("a list", list, fail);
  extend(target, items);
}

export function addItems(items: unknown[], set: unknown, fail: Fail): void {
  const fits = set instanceof PythonSet || set instanceof Placeholder;
  if (!fits) throw wrong("a set", set, fail);
  extend(set.items, items);
}

/** @param items keys and values in turn */
export function setItems(items: unknown[], given: unknown, fail: Fail): Dict {
  const dict = given instanceof Placeholder ? given.entries : given;
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

/** push(...items) would overflow the call stack with a million arguments. */
function extend(list: unknown[], items: readonly unknown[]): void {
  for (const item of items) list.push(item);
}

function wrong(expected: string, got: unknown, fail: Fail): FormatError {
  return fail(`expected ${expected}, got ${describeValue(got)}`);
}
