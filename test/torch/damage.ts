import { expect } from "vitest";
import { processorTime } from "../support/fuzz.js";
import { FormatError, parse } from "../../src/formats/torch/index.js";

export const ascii = (text: string): number[] => [
  ...Buffer.from(text, "latin1"),
];

/** Refused with this message, in less time than anyone waits. */
export function expectRefused(
  file: Uint8Array,
  message: string | RegExp,
): void {
  let thrown: unknown;
  const time = processorTime(() => {
    try {
      parse(file);
    } catch (error) {
      thrown = error;
    }
  });
  expect(time).toBeLessThan(10_000);
  expect(thrown).toBeInstanceOf(FormatError);
  const text = (thrown as Error).message;
  if (typeof message === "string") expect(text).toContain(message);
  else expect(text).toMatch(message);
}

/** `unit` as often as fits in `size` bytes, `before` in front. */
export function repeated(
  unit: number[],
  size: number,
  before: number[] = [],
): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(before);
  for (let at = before.length; at + unit.length <= size; at += unit.length)
    bytes.set(unit, at);
  return bytes;
}

/** Where the directory has the entry `name`, and where its header is. */
export function placesOf(file: Uint8Array, name: string) {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const header = bytes.indexOf(name) - 30;
  return { header, record: bytes.lastIndexOf(name) - 46 };
}

export function changed(
  file: Uint8Array,
  change: (view: DataView, bytes: Uint8Array) => void,
): Uint8Array {
  const copy = file.slice();
  change(new DataView(copy.buffer), copy);
  return copy;
}
