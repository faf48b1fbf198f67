/*
 * A stream in this process: runs its frames, and has its state, of which Redis stores an older one. The answers only
 * depend on the state it began with and the frames since, so another host that begins with the stored state computes the
 * same bits.
 */
import type { LiveModel, LiveModelStream } from "./live-model.js";

/** A block of frames or answers in a Redis stream, as ioredis gives it. */
export type Entry = [id: Buffer, fields: Buffer[]];

export interface Block {
  /** The number of its first frame, from 0. */
  readonly first: number;
  readonly count: number;
  readonly data: Buffer;
  /** The time at which it came, in ms; 0 for answers. */
  readonly at: number;
}

export function blockOf([id, fields]: Entry): Block {
  const values = new Map<string, Buffer>();
  for (let i = 0; i + 1 < fields.length; i += 2)
    values.set(String(fields[i]), fields[i + 1] as Buffer);
  return {
    first: Number.parseInt(String(id)) - 1,
    count: Number(String(values.get("n"))),
    data: values.get("d") ?? Buffer.alloc(0),
    at: Number(String(values.get("t") ?? 0)),
  };
}

/** A copy of the numbers in a Buffer, which need not be aligned. */
export function floatsOf(data: Buffer): Float32Array {
  const floats = new Float32Array(data.length / 4);
  new Uint8Array(floats.buffer).set(data);
  return floats;
}

export const bytesOf = (floats: Float32Array): Buffer =>
  Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);

/** Answers to be published. */
export interface Answers {
  /** The number of the first frame answered. */
  readonly first: number;
  readonly data: Float32Array;
  /** The time at which the oldest of the frames came. */
  readonly at: number;
}

/** The state of a stream, as it is stored. */
export interface Saved {
  readonly state: Buffer;
  /** The id of the first block whose frames are still needed. */
  readonly trim: string;
}

export class Resident {
  readonly id: string;
  readonly token: string;
  readonly #stream: LiveModelStream;
  readonly #inputSize: number;
  /** Bytes of an answer. */
  readonly outputBytes: number;
  /** The number of frames that it has run. */
  position: number;
  /** The number of frames after which the state in Redis was stored. */
  checkpoint: number;
  /** The last block that was read, for XRANGE. */
  last = "-";
  backlog = 0;
  usedAt = Date.now();

  constructor(
    id: string,
    token: string,
    model: LiveModel,
    checkpoint: number,
    state: Buffer | null,
  ) {
    this.id = id;
    this.token = token;
    this.#stream = model.stream();
    this.#inputSize = model.inputSize;
    this.outputBytes = 4 * model.outputSize;
    if (state) this.#stream.restore(state);
    this.position = checkpoint;
    this.checkpoint = checkpoint;
  }

  /** Runs the frames that it has not run yet; null if there are none. */
  run(entries: readonly Entry[]): Answers | null {
    const first = this.position;
    const parts: Float32Array[] = [];
    let at = Infinity;
    for (const entry of entries) {
      const block = blockOf(entry);
      this.last = `(${String(entry[0])}`;
      const skip = this.position - block.first;
      if (skip < 0)
        throw new Error(
          `stream ${this.id}: expected frame ${this.position}, got ${block.first}`,
        );
      if (skip >= block.count) continue;
      at = Math.min(at, block.at);
      const frames = floatsOf(block.data).subarray(skip * this.#inputSize);
      parts.push(this.#stream.run(frames));
      this.position += block.count - skip;
    }
    this.usedAt = Date.now();
    const [only] = parts;
    if (!only) return null;
    if (parts.length === 1) return { first, data: only, at };
    const data = new Float32Array(
      parts.reduce((sum, { length }) => sum + length, 0),
    );
    let to = 0;
    for (const part of parts) {
      data.set(part, to);
      to += part.length;
    }
    return { first, data, at };
  }

  save(): Saved {
    return {
      state: Buffer.from(this.#stream.save()),
      trim: `${this.position + 1}-0`,
    };
  }

  dispose(): void {
    this.#stream.dispose();
  }
}
