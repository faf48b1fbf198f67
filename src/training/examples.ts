import { message, record, shapeText, wrong } from "../checks.js";
import { checkSteps, checkToken } from "../layers/input.js";
import { asTensor, sizeOf, type TensorLike } from "../tensor.js";
import {
  type CheckedBatch,
  type CheckedExample,
  type RowSet,
  withOrigin,
} from "./batch.js";
import { randomAt, shuffled } from "./counters.js";
import type { Source, SourceOptions } from "./source.js";
import type { Subject } from "./subject.js";

/** One sequence, without B, of any length. */
export interface Example {
  /** [T, I]; before an Embedding [T]. */
  input: TensorLike;
  /** [T, O]; class numbers [T]; of a model that gives its last step alone [O], or a class number; ctc: [S]. */
  target: TensorLike;
  weight?: number;
}

/** How many examples are checked at a time: about a millisecond's. */
const CHECKED_AT_A_TIME = 256;

/** Examples, of which the first are checked at once and the others piece by piece: 20 000 of them take 0.2 s. */
export class Examples {
  readonly #subject: Subject;
  readonly #data: readonly unknown[];
  readonly #name: string;
  /** Those that are checked. */
  readonly checked: CheckedExample[] = [];

  constructor(subject: Subject, data: readonly unknown[], name: string) {
    if (!data.length) throw wrong(true, name, "at least one example", data);
    this.#subject = subject;
    this.#data = data;
    this.#name = name;
    this.#some();
  }

  get count(): number {
    return this.#data.length;
  }

  *check(): Iterable<void> {
    while (this.checked.length < this.count) {
      yield;
      this.#some();
    }
  }

  #some(): void {
    const end = Math.min(this.count, this.checked.length + CHECKED_AT_A_TIME);
    for (let i = this.checked.length; i < end; i++)
      this.checked.push(
        checkExample(this.#subject, this.#data[i], `${this.#name}[${i}]`),
      );
  }
}

function checkExample(
  subject: Subject,
  value: unknown,
  place: string,
): CheckedExample {
  const given = record(value, place, { input: 0, target: 0, weight: 0 });
  const input = asTensor(given["input"] as TensorLike, `${place}.input`);
  const { shape } = input;
  const right = subject.tokens
    ? shape.length === 1
    : shape.length === 2 && shape[1] === subject.inputSize;
  if (!right || !shape[0])
    throw new RangeError(
      message(
        `${place}.input`,
        subject.tokens ? "[T]" : `[T, ${subject.inputSize}]`,
        shapeText(shape),
      ),
    );
  if (subject.tokens)
    for (const id of input.data)
      checkToken(id, subject.inputSize, `${place}.input`);
  checkSteps(subject.layers, shape[0], null);
  const { weight = 1 } = given;
  if (typeof weight !== "number" || !(weight >= 0 && weight < Infinity))
    throw wrong(
      typeof weight === "number",
      `${place}.weight`,
      "a number of at least 0",
      weight,
    );
  const target = asTensor(given["target"] as TensorLike, `${place}.target`);
  return { input: input.data, steps: shape[0], target, weight };
}

/** How many batches are sorted by length together: enough that lengths are alike, few enough that batches differ. */
const POOL = 64;

export function ofExamples(
  given: Examples,
  subject: Subject,
  options: SourceOptions,
): Source {
  const { batchSize, shuffle, seed } = options;
  const { checked: examples, count } = given;
  const batches = Math.ceil(count / batchSize);
  const lengthOf = (index: number) => examples[index]?.steps ?? 0;
  const set: RowSet = {
    row: (index) => ({ example: examples[index] as CheckedExample }),
  };
  return {
    batches,
    check: () => given.check(),
    *epoch(epoch) {
      const random = randomAt(seed, "shuffle", epoch);
      const alike = examples.every(({ steps }) => steps === lengthOf(0));
      const sorted = shuffle && !alike;
      const order = shuffle
        ? shuffled(count, random)
        : examples.map((_, i) => i);
      let groups: number[][] = [];
      const pool = sorted ? POOL * batchSize : count;
      for (let from = 0; from < count; from += pool) {
        const own = order.slice(from, from + pool);
        if (sorted) {
          own.sort((a, b) => lengthOf(a) - lengthOf(b));
          yield null;
        }
        for (let at = 0; at < own.length; at += batchSize)
          groups.push(own.slice(at, at + batchSize));
      }
      if (sorted)
        groups = shuffled(groups.length, random).map(
          (i) => groups[i] as number[],
        );
      for (const group of groups)
        yield withOrigin(
          padded(
            group.map((i) => examples[i] as CheckedExample),
            subject,
            options.ctc,
          ),
          set,
          group,
        );
    },
  };
}

/** Examples as one batch. */
export function padded(
  examples: readonly CheckedExample[],
  subject: Subject,
  ctc: boolean,
): CheckedBatch {
  const batch = examples.length;
  const steps = Math.max(...examples.map((example) => example.steps));
  const size = subject.tokens ? 1 : subject.inputSize;
  const data = new Float32Array(batch * steps * size);
  examples.forEach(({ input }, row) => data.set(input, row * steps * size));
  const [first] = examples as [CheckedExample];
  const timed = ctc || (!subject.lastOnly && first.target.shape.length > 0);
  const longest = timed
    ? Math.max(...examples.map(({ target }) => target.shape[0] ?? 0))
    : 0;
  const rest = timed ? first.target.shape.slice(1) : first.target.shape;
  const each = sizeOf(rest) * (timed ? longest : 1);
  const target = new Float32Array(batch * each);
  examples.forEach(({ target: own, steps: length }, row) => {
    const { shape } = own;
    const expected = timed
      ? [ctc ? shape[0] : subject.stepsOut(length), ...rest]
      : rest;
    if (shapeText(shape) !== shapeText(expected))
      throw new RangeError(
        message(
          "target",
          `${shapeText(expected)} of an example of ${length} steps`,
          shapeText(shape),
        ),
      );
    target.set(own.data, row * each);
  });
  const even = examples.every((example) => example.steps === steps);
  const weighted = examples.some(({ weight }) => weight !== 1);
  return {
    given: { data, batch, steps, batched: true },
    target: {
      shape: [batch, ...(timed ? [longest] : []), ...rest],
      data: target,
    },
    lengths: even ? null : examples.map((example) => example.steps),
    mask: null,
    weights: weighted
      ? {
          shape: [batch],
          data: Float32Array.from(examples, ({ weight }) => weight),
        }
      : null,
    targetLengths: ctc
      ? examples.map(({ target: own }) => own.shape[0] ?? 0)
      : null,
    past: 0,
  };
}
