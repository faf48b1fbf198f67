import { counted } from "../../../checks.js";
import type { FormatError } from "../../../errors.js";

// A state dict of a thousand tensors makes 10 000 objects and marks 3 deep.
const MOST_OBJECTS = 200_000;
const MOST_MARKS = 1000;

/** The machine's stack: values, and marks between them below which nothing is taken. */
export class Stack {
  readonly #values: unknown[] = [];
  /** Heights of the stack. */
  readonly #marks: number[] = [];
  readonly #fail: (message: string) => FormatError;
  #objects = 0;

  constructor(fail: (message: string) => FormatError) {
    this.#fail = fail;
  }

  push(value: unknown): void {
    this.#values.push(value);
  }

  /** For what is made anew, which a file of single bytes could ask for by the million. */
  make(value: unknown): void {
    if (++this.#objects > MOST_OBJECTS)
      throw this.#fail(
        `more than ${MOST_OBJECTS} lists, tuples, dicts and sets`,
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
    if (this.#marks.push(this.#values.length) > MOST_MARKS)
      throw this.#fail(`nested more than ${MOST_MARKS} deep`);
  }

  /** All above the last mark, which goes too. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#fail("expected a mark on the stack");
    return this.#values.splice(mark);
  }

  /** The uppermost value, or the mark that lies above it. */
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
