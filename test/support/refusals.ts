import { expect } from "vitest";
import { FormatError } from "../../src/errors.js";

export type Refusal = readonly [
  what: string,
  call: () => unknown,
  kind: typeof TypeError | typeof RangeError,
  message: RegExp,
];

/** Throws just this kind of error, whose message has the form `name: expected …, got …` and says what is wanted. */
export function expectRefusal([what, call, kind, message]: Refusal): void {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, what).toBeInstanceOf(Error);
  const { name, message: text } = thrown as Error;
  expect(`${name}: ${text}`, what).toMatch(new RegExp(`^${kind.name}: `));
  expect(text, what).toMatch(/^[^:]+: expected .+, got .+$/s);
  expect(text, what).toMatch(message);
}

/** What the FormatError of a call says. */
export function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
  return "nothing thrown";
}
