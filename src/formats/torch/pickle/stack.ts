import { counted } from "../../../checks.js";
import type { FormatError } from "../../../errors.js";

// A state dict of a thousand tensors has 10 000 objects and 3 levels of marks.
const MAX_OBJECTS = 200_000;
const MAX_MARKS = 1000;

/** The machine's stack: values, and marks between them. Values below the last mark cannot be popped. */
export class Stack {
  readonly #values: unknown[] = [];
  /** The heights of the stack at the marks. */
  readonly #marks: number[] = [];
  readonly #fail: (message: string) => FormatError;
  #objects = 0;

  constructor(fail: (message: string) => FormatError) {
    this.#fail = fail;
  }

  push(value: unknown): void {
    this.#values.push(value);
  }

  /** Pushes a new object. Their number is limited, since one byte of a file is enough for one. */
  make(value: unknown): void {
    if (++this.#objects > MAX_OBJECTS)
      throw this.#fail(
        `more than ${MAX_OBJECTS} lists, tuples, dicts and sets`,
      );
    this.#values.push(value);
  }

  top(): unknown {
    this.#need(1);
    return this.#values.at(-1);
  }

  pop(): unknown {
    this.#need(1);
    return this.#values.pop();
  }

  popMany(count: number): unknown[] {
    this.#need(count);
    return this.#values.splice(-count);
  }

  mark(): void {
    if (this.#marks.push(this.#values.length) > MAX_MARKS)
      throw this.#fail(`nested more than ${MAX_MARKS} deep`);
  }

  /** Removes the last mark, and returns the values above it. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#fail("expected a mark on the stack");
    return this.#values.splice(mark);
  }

  /** Removes the top value, or the mark above it. */
  discard(): void {
    if (this.#marks.at(-1) === this.#values.length) this.#marks.pop();
    else this.pop();
  }

  #need(count: number): void {
    const have = this.#values.length - (this.#marks.at(-1) ?? 0);
    if (have < count)
      throw this.#fail(
        `expected ${counted(count, "value")} on the stack, got ${have}`,
      );
  }
}
