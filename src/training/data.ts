import { isRecord, message, wrong } from "../checks.js";
import type { Tensor } from "../tensor.js";
import {
  type Batch,
  checkBatch,
  type CheckedBatch,
  cut,
  plainBatch,
  type RowSet,
  withOrigin,
} from "./batch.js";
import { randomAt, shuffled } from "./counters.js";
import { type Example, Examples, ofExamples } from "./examples.js";
import type { Source, SourceOptions } from "./source.js";
import type { Subject } from "./subject.js";

/** What a model learns from, in one of three forms; the first two must not change meanwhile, as workers keep what they get. */
export type Data =
  /** Shuffled by the seed, batched by similar length, padded. */
  | readonly Example[]
  /** One big batch, cut by rows. */
  | Batch
  /** An epoch a call; not shuffled. */
  | (() => Iterable<Batch> | AsyncIterable<Batch>);

export function sourceOf(
  subject: Subject,
  data: unknown,
  options: SourceOptions,
  name = "data",
): Source {
  if (typeof data === "function")
    return called(subject, data as () => Iterable<Batch>, name);
  if (Array.isArray(data))
    return ofExamples(new Examples(subject, data, name), subject, options);
  if (!isRecord(data))
    throw wrong(
      false,
      name,
      "examples, a batch or a function that gives batches",
      data,
    );
  return ofBatch(checkBatch(subject, data, name), options);
}

/** The first of the examples or rows, and the share of them that is held out: the last ones. */
export function splitData(
  subject: Subject,
  data: Data,
  share: number,
): [Data, Data] {
  const refuse = (got: string) =>
    new RangeError(
      message(
        "validation",
        "a share that leaves examples for training and for validation",
        got,
      ),
    );
  const split = (count: number) => {
    const held = Math.max(1, Math.round(count * share));
    if (held >= count) throw refuse(`${share} of ${count}`);
    return count - held;
  };
  if (Array.isArray(data)) {
    const at = split(data.length);
    return [data.slice(0, at), data.slice(at)];
  }
  if (typeof data === "function") throw refuse("a function's batches");
  const batch = checkBatch(subject, data, "data");
  const rows = batch.given.batch;
  const at = split(rows);
  const as = (part: CheckedBatch) => plainBatch(part, subject);
  return [as(cut(batch, 0, at)), as(cut(batch, at, rows))];
}

function called(
  subject: Subject,
  make: () => Iterable<Batch> | AsyncIterable<Batch>,
  name: string,
): Source {
  return {
    batches: null,
    check: () => [],
    async *epoch() {
      const place = `${name}(…)`;
      const batches: unknown = make();
      if (!isIterable(batches))
        throw wrong(false, place, "an iterable of batches", batches);
      let count = 0;
      for await (const batch of batches) {
        count++;
        yield checkBatch(subject, batch, place);
      }
      // an iterator that is handed out again has none left, and the epoch would train nothing
      if (!count)
        throw new RangeError(message(name, "at least one batch", "none"));
    },
  };
}

function isIterable(
  value: unknown,
): value is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

function ofBatch(
  batch: CheckedBatch,
  { batchSize, shuffle, seed }: SourceOptions,
): Source {
  const rows = batch.given.batch;
  const batches = Math.ceil(rows / batchSize);
  const set: RowSet = { row: (i) => ({ batch: cut(batch, i, i + 1) }) };
  return {
    batches,
    check: () => [],
    *epoch(epoch) {
      const order =
        shuffle && batches > 1
          ? shuffled(rows, randomAt(seed, "shuffle", epoch))
          : null;
      for (let from = 0; from < rows; from += batchSize) {
        const to = Math.min(rows, from + batchSize);
        const own = order?.slice(from, to);
        yield withOrigin(
          own ? take(batch, own) : cut(batch, from, to),
          set,
          own ?? Array.from({ length: to - from }, (_, i) => from + i),
        );
      }
    },
  };
}

/** Some rows of a batch. */
function take(
  { given, target, lengths, mask, weights, targetLengths }: CheckedBatch,
  order: readonly number[],
): CheckedBatch {
  const rows = <T extends Float32Array | Uint8Array>(data: T): T => {
    const size = data.length / given.batch;
    const taken = new (data.constructor as new (n: number) => T)(
      order.length * size,
    );
    order.forEach((from, to) =>
      taken.set(
        data.subarray(from * size, (from + 1) * size) as never,
        to * size,
      ),
    );
    return taken;
  };
  const tensor = ({ shape, data }: Tensor) => ({
    shape: [order.length, ...shape.slice(1)],
    data: rows(data),
  });
  return {
    given: { ...given, data: rows(given.data), batch: order.length },
    target: tensor(target),
    lengths: lengths && order.map((row) => lengths[row] as number),
    mask: mask && rows(mask),
    weights: weights && tensor(weights),
    targetLengths:
      targetLengths && order.map((row) => targetLengths[row] as number),
    past: 0,
  };
}
