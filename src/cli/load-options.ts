/*
 * `--option name=value`: options for the readers, which check the names and values themselves.
 */
import { InvalidArgumentError } from "commander";
import type { LoadOptions } from "../formats/load/index.js";
import { about } from "./errors.js";
import { readInput } from "./input.js";

/** Values by name, as written on the command line. */
export type GivenOptions = ReadonlyMap<string, string>;

/** Adds "chain=[\"lstm\"]" to the options before it; of two with the same name the last one counts. */
export function namedValue(text: string, before?: GivenOptions): GivenOptions {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError("expected name=value");
  return new Map(before).set(name, value);
}

/** @throws FileError for an @FILE that cannot be read */
export async function toLoadOptions(given: GivenOptions): Promise<LoadOptions> {
  const entries = Array.from(given, async ([name, text]) => [
    name,
    await valueOf(text),
  ]);
  // fromEntries defines own properties: __proto__ is an unknown name like any other
  return Object.fromEntries(await Promise.all(entries)) as LoadOptions;
}

/** The value as JSON if it is valid JSON, else as text; `@FILE` is the text of a file, for Keras's config. */
async function valueOf(text: string): Promise<unknown> {
  if (text.startsWith("@")) {
    const file = text.slice(1);
    const bytes = await about(file, () => readInput(file));
    return Buffer.from(bytes).toString();
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
