import type { State, Tensor } from "../../src/index.js";

// Cutting and joining of plain tensors, always by copying.

export function count(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function zeros(...shape: number[]): Tensor {
  return { shape, data: new Float32Array(count(shape)) };
}

export function clone(t: Tensor): Tensor {
  return { shape: [...t.shape], data: t.data.slice() };
}

/** A copy with one number changed. */
export function withEntry(t: Tensor, index: number, value: number): Tensor {
  const copy = clone(t);
  copy.data[index] = value;
  return copy;
}

/** Entries from … to of one axis. */
export function slice(
  t: Tensor,
  axis: number,
  from: number,
  to: number,
): Tensor {
  const size = t.shape[axis] ?? 0;
  const inner = count(t.shape.slice(axis + 1));
  const parts: Float32Array[] = [];
  for (let start = 0; start < t.data.length; start += size * inner)
    parts.push(t.data.subarray(start + from * inner, start + to * inner));
  const shape = t.shape.map((n, i) => (i === axis ? to - from : n));
  return { shape, data: join(parts) };
}

/** One entry of one axis, without that axis. */
export function at(t: Tensor, axis: number, index: number): Tensor {
  const { data } = slice(t, axis, index, index + 1);
  return { shape: t.shape.filter((_, i) => i !== axis), data };
}

/** The same sequences backwards: [B, T, ..] with time reversed. */
export function backwards(t: Tensor): Tensor {
  const [batch = 0, time = 0, size = 0] = t.shape;
  const data = new Float32Array(t.data.length);
  for (let b = 0; b < batch; b++)
    for (let s = 0; s < time; s++) {
      const from = (b * time + time - 1 - s) * size;
      data.set(t.data.subarray(from, from + size), (b * time + s) * size);
    }
  return { shape: t.shape, data };
}

/** The state of one row of a batch, without the batch axis. */
export function stateOfRow(state: State, b: number): State {
  const hidden = at(state.hidden, 1, b);
  return state.cell ? { hidden, cell: at(state.cell, 1, b) } : { hidden };
}

export function cloneState(state: State): State {
  const hidden = clone(state.hidden);
  return state.cell ? { hidden, cell: clone(state.cell) } : { hidden };
}

export function join(parts: readonly Float32Array[]): Float32Array {
  const data = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let end = 0;
  for (const part of parts) {
    data.set(part, end);
    end += part.length;
  }
  return data;
}
