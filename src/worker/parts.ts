import { isRecord } from "../checks.js";
import type { Sequences } from "../layers/input.js";
import type { Mask } from "../layers/mask.js";
import { RECURRENT_KINDS } from "../layers/cells.js";
import type { State, States } from "../layers/state.js";
import { concat, sizeOf, type Tensor } from "../tensor.js";
import type { ModelFacts } from "./service.js";

/** A low guess of a worker's multiplications per millisecond; results do not depend on it. */
const PER_MILLISECOND = 4e6;
/** The shortest part that is worth the cost of splitting, about 0.1 ms per part. */
const MIN_MILLISECONDS = 2;
/** Parts per worker: several, so that one slow worker does not hold up the rest. */
const PARTS_EACH = 4;
/** The longest part, because a part cannot be stopped. */
const MAX_MILLISECONDS = 25;

/** Rows `from` … `to` of a batch. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}

/** Splits a batch into parts with even numbers of rows, because the kernel runs two at a time. */
export function splitRows(
  { batch, steps }: Sequences,
  { weights }: ModelFacts,
  workers: number,
): Rows[] {
  const milliseconds = (batch * steps * weights) / PER_MILLISECOND;
  const worthwhile = Math.floor(milliseconds / MIN_MILLISECONDS);
  const count = Math.max(
    1,
    Math.min(
      Math.max(worthwhile, Math.min(workers, Math.floor(milliseconds * 2))),
      Math.max(workers * PARTS_EACH, milliseconds / MAX_MILLISECONDS),
    ),
  );
  const size = Math.max(2, 2 * Math.ceil(batch / count / 2));
  const parts: Rows[] = [];
  for (let from = 0; from < batch; from += size)
    parts.push({ from, to: Math.min(batch, from + size) });
  return parts;
}

/** How many steps to run at a time, so that work can be cancelled in between. */
export function stepsAtOnce(
  rows: number,
  steps: number,
  { weights, causal }: ModelFacts,
): number {
  if (!causal) return steps;
  const limit = (MAX_MILLISECONDS * PER_MILLISECOND) / (weights * rows);
  return Math.min(steps, Math.max(256, Math.floor(limit)));
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

/** Rows of a mask (B, T), in the form that users pass. */
export function cutMask(
  mask: Mask,
  { steps, batched }: Sequences,
  { from, to }: Rows,
): Tensor {
  const rows = mask.subarray(from * steps, to * steps);
  const shape = batched ? [to - from, steps] : [steps];
  return { shape, data: Float32Array.from(rows) };
}

/** The state tensors of recurrent layers, whose first axis is layers and directions. */
const STACKED = new Set(
  Object.values(RECURRENT_KINDS).flatMap((kind) =>
    kind
      .states({ inputSize: 1, hiddenSize: 1, outputSize: 1 })
      .map(({ name }) => name),
  ),
);

/** The batch axis of a state tensor, by its name. */
const batchAxisOf = (part: string): number => (STACKED.has(part) ? 1 : 0);

/** Whether every tensor of `states` has B rows and can be cut; otherwise the worker reports the error. */
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

/** The product of the sizes before an axis, and of those after it. */
const around = (shape: readonly number[], axis: number) => ({
  outer: sizeOf(shape.slice(0, axis)),
  size: sizeOf(shape.slice(axis + 1)),
});

/** The outputs (B, ..) of all rows. */
export function joinRows(parts: readonly Tensor[], batch: number): Tensor {
  const [first] = parts;
  if (parts.length === 1) return first as Tensor;
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
  const [first] = pieces as [Tensor];
  if (pieces.length === 1) return first;
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

/** The states of all rows. */
export function joinStates(parts: readonly States[], batch: number): States {
  const [first] = parts as [States];
  if (parts.length === 1) return first;
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
