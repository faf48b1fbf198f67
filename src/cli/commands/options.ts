/*
 * Options shared by several commands.
 */
import { InvalidArgumentError, Option } from "commander";
import { KINDS, type Kind } from "../data/kinds.js";
import { namedValue } from "../load-options.js";
import type { Reading } from "../model.js";

export interface CommonOptions extends Reading {
  readonly json?: boolean;
}

export const jsonOption = () =>
  new Option("--json", "print the result as JSON");

export const backendOption = () =>
  new Option("--backend <name>", "the kernel to compute with")
    .choices(["auto", "relaxed", "simd", "js"])
    .default("auto");

export const loadOption = () =>
  new Option(
    "--option <name=value>",
    "an option for the reader of the model file, such as forceLinearBeforeReset=true; may be repeated",
  ).argParser(namedValue);

export const queueOption = () =>
  new Option("--queue <name>", "name of the queue on the server").default(
    "gatewise",
  );

export const quietOption = () =>
  new Option("--quiet", "print nothing but errors");

export const scaleOption = () =>
  new Option(
    "--scale <number>",
    "divide inputs by this and multiply outputs by it, as the model was trained",
  ).argParser(positiveNumber);

export const kindOption = (flags: string, what: string) =>
  new Option(flags, what).choices(KINDS) as Option & { value?: Kind };

/** "0.5,0.25" */
export function numbers(text: string): number[] {
  const found = text.split(",").map((part) => part.trim());
  if (found.every((part) => part !== "" && Number.isFinite(Number(part))))
    return found.map(Number);
  throw new InvalidArgumentError("expected numbers, separated by commas");
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("expected a number");
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("expected a number above 0");
}

export function nonNegativeNumber(text: string): number {
  const value = number(text);
  if (value >= 0) return value;
  throw new InvalidArgumentError("expected a number of at least 0");
}

/** An integer of at least 1. */
export function count(text: string): number {
  const value = positiveNumber(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("expected an integer above 0");
}

/** Between 0 and 1. */
export function share(text: string): number {
  const value = positiveNumber(text);
  if (value < 1) return value;
  throw new InvalidArgumentError("expected a number between 0 and 1");
}

/** A name, or a value as JSON. */
export function jsonOrName(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidArgumentError("expected a name, or JSON");
  }
}

/** "open,close" */
export function names(text: string): string[] {
  const found = text.split(",").map((part) => part.trim());
  if (found.every((part) => part !== "")) return found;
  throw new InvalidArgumentError("expected names, separated by commas");
}

/** "h0=hn,c0=cn" */
export function pairs(text: string): Record<string, string> {
  const found = text.split(",").map((part) => part.split("="));
  if (found.every(({ length, 0: a, 1: b }) => length === 2 && a && b))
    return Object.fromEntries(found) as Record<string, string>;
  throw new InvalidArgumentError("expected input=output, separated by commas");
}
