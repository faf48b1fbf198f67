import { isRecord } from "../checks.js";
import type { Sequences } from "../layers/input.js";
import type { Mask } from "../layers/mask.js";
import { RECURRENT_KINDS } from "../layers/cells.js";
import type { State, States } from "../layers/state.js";
import { concat, sizeOf, type Tensor } from "../tensor.js";
import type { ModelFacts } from "./service.js";

/** Multiplications that a worker does in a millisecond, at least: only a guess, results do not depend on it. */
const PER_MILLISECOND = 4e6;
/** Splitting costs about 0.1 ms a part; a part should be worth it. */
const LEAST_MILLISECONDS = 2;
/** Parts a worker: more than one, so that a worker that is slowed down does not hold up all. */
const PARTS_EACH = 4;
/** How long a part may take, because it cannot be stopped. */
const MOST_MILLISECONDS = 25;

/** Rows `from` … `to` of a batch. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}

/** Shares a batch out: in even numbers of rows, because the kernel runs two at a time. */
export function splitRows(
  { batch, steps }: Sequences,
  { weights }: ModelFacts,
  workers: number,
): Rows[] {
  const milliseconds = (batch * steps * weights) / PER_MILLISECOND;
  const worthwhile = Math.floor(milliseconds / LEAST_MILLISECONDS);
  const count = Math.max(
    1,
    Math.min(
      Math.max(worthwhile, Math.min(workers, Math.floor(milliseconds * 2))),
      Math.max(workers * PARTS_EACH, milliseconds / MOST_MILLISECONDS),
    ),
  );
  const size = Math.max(2, 2 * Math.ceil(batch / count / 2));
  const parts: Rows[] = [];
  for (let from = 0; from < batch; from += size)
    parts.push({ from, to: Math.min(batch, from + size) });
  return parts;
}

/** Steps to run at a time, so that work can be given up between. */
export function stepsAtOnce(
  rows: number,
  steps: number,
  { weights, causal }: ModelFacts,
): number {
  if (!causal) return steps;
  const most = (MOST_MILLISECONDS * PER_MILLISECOND) / (weights * rows);
  return Math.min(steps, Math.max(256, Math.floor(most)));
}

/** A copy of rows and steps of an input (B, T, size). */
export function cut(
  { data, batch, steps }: Sequences,
  { from, to }: Rows,
  start: number,
  end: number,
): Float32Array {
  const size = data.length / (batch * steps);
  if (start === 0 && end === steps)
    return data.slice(from * steps * size, to * steps * size);
  const copy = new Float32Array((to - from) * (end - start) * size);
  for (let row = from; row < to; row++)
    copy.set(
      data.subarray((row * steps + start) * size, (row * steps + end) * size),
      (row - from) * (end - start) * size,
    );
  return copy;
}

/** Rows of a mask (B, T), as users give it. */
export function cutMask(
  mask: Mask,
  { steps, batched }: Sequences,
  { from, to }: Rows,
): Tensor {
  const rows = mask.subarray(from * steps, to * steps);
  const shape = batched ? [to - from, steps] : [steps];
  return { shape, data: Float32Array.from(rows) };
}

/** The parts of recurrent layers, whose tensors have layers and directions in front. */
const STACKED = new Set(
  Object.values(RECURRENT_KINDS).flatMap((kind) =>
    kind
      .states({ inputSize: 1, hiddenSize: 1, outputSize: 1 })
      .map(({ name }) => name),
  ),
);

/** Which axis of a part, by its name, is the batch. */
const batchAxisOf = (part: string): number => (STACKED.has(part) ? 1 : 0);

/** Whether `states` has B rows in every tensor, so that it can be cut; else the worker says what is wrong. */
export function hasRows(states: unknown, batch: number): states is States {
  return (
    Array.isArray(states) &&
    states.every(
      (state: unknown) =>
        (state ?? null) === null ||
        (isRecord(state) &&
          Object.entries(state).every(
            ([part, tensor]) =>
              (tensor as Tensor | null)?.shape?.[batchAxisOf(part)] === batch,
          )),
    )
  );
}

/** Rows of states. */
export function cutStates(
  states: readonly (State | null)[],
  { from, to }: Rows,
): States {
  return states.map((state) =>
    mapState(state, ({ shape, data }, part) => {
      const axis = batchAxisOf(part);
      const { outer, size } = around(shape, axis);
      const batch = shape[axis] as number;
      const rows = to - from;
      const copy = new Float32Array(outer * rows * size);
      for (let o = 0; o < outer; o++)
        copy.set(
          data.subarray((o * batch + from) * size, (o * batch + to) * size),
          o * rows * size,
        );
      return {
        shape: shape.map((n, at) => (at === axis ? rows : n)),
        data: copy,
      };
    }),
  );
}

/** How many numbers lie before an axis, as blocks, and behind it. */
const around = (shape: readonly number[], axis: number) => ({
  outer: sizeOf(shape.slice(0, axis)),
  size: sizeOf(shape.slice(axis + 1)),
});

/** Outputs (B, ..) of all rows again. */
export function joinRows(parts: readonly Tensor[], batch: number): Tensor {
  const [first, ...others] = parts;
  if (!others.length) return first as Tensor;
  const { shape } = first as Tensor;
  const data = concat(parts.map((part) => part.data));
  return { shape: [batch, ...shape.slice(1)], data };
}

/** Outputs (rows, pieces of T, O) → (rows, T, O). */
export function joinSteps(
  pieces: readonly Tensor[],
  rows: number,
  steps: number,
): Tensor {
  const [first, ...others] = pieces as [Tensor, ...Tensor[]];
  if (!others.length) return first;
  const size = first.shape.at(-1) as number;
  const data = new Float32Array(rows * steps * size);
  let at = 0;
  for (const piece of pieces) {
    const floats = piece.data.length / rows;
    for (let row = 0; row < rows; row++)
      data.set(
        piece.data.subarray(row * floats, (row + 1) * floats),
        row * steps * size + at,
      );
    at += floats;
  }
  return { shape: [...first.shape.slice(0, -2), steps, size], data };
}

/** The states of all rows again. */
export function joinStates(parts: readonly States[], batch: number): States {
  const [first, ...others] = parts as [States, ...States[]];
  if (!others.length) return first;
  return first.map((state, index) =>
    mapState(state, ({ shape }, part) => {
      const axis = batchAxisOf(part);
      const { outer, size } = around(shape, axis);
      const data = new Float32Array(outer * batch * size);
      let from = 0;
      for (const states of parts) {
        const own = partsOf(states[index])[part] as Tensor;
        const floats = (own.shape[axis] as number) * size;
        for (let o = 0; o < outer; o++)
          data.set(
            own.data.subarray(o * floats, (o + 1) * floats),
            o * batch * size + from,
          );
        from += floats;
      }
      return { shape: shape.map((n, at) => (at === axis ? batch : n)), data };
    }),
  );
}

const partsOf = (state: State | null | undefined) =>
  (state ?? {}) as Readonly<Record<string, Tensor>>;

function mapState(
  state: State | null | undefined,
  map: (tensor: Tensor, part: string) => Tensor,
): State | null {
  if (!state) return null;
  const parts = Object.entries(partsOf(state)).map(
    ([part, tensor]): [string, Tensor] => [part, map(tensor, part)],
  );
  return Object.fromEntries(parts) as object as State;
}
