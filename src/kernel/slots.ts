import type { Network } from "./network.js";

/** A stream's states, h and c of every cell without gaps, as the kernel lays them out for one row. */
export class StreamState {
  /** The states while the stream is in no slot. */
  readonly parked: Float32Array;
  /** Its slot, or -1. */
  slot = -1;

  constructor(floats: number) {
    this.parked = new Float32Array(floats);
  }
}

/** A model keeps at most this many streams in its memory, and at most so many bytes of them. */
const MAX_SLOTS = 64;
const MAX_BYTES = 1 << 18;

/**
 * Places in a model's memory for the states of the streams that ran last. A stream owns its states: it holds them
 * itself while it has no slot, so streams are ordinary garbage, there may be any number of them, and none has to be
 * disposed of. Entering a slot copies the states in, and those of the stream that was there out: 50 to 100 ns.
 */
export class Slots {
  readonly #network: Network;
  readonly #most: number;
  readonly #bytes: number;
  readonly #owners: (StreamState | null)[] = [];
  /** Where the slots lie. */
  readonly #places: number[] = [];
  #next = 0;

  constructor(network: Network) {
    this.#network = network;
    this.#bytes = Math.max(16, network.stateFloats * 4);
    this.#most = Math.max(
      1,
      Math.min(MAX_SLOTS, Math.floor(MAX_BYTES / this.#bytes)),
    );
  }

  /** A new stream: one more slot, as long as there are few. */
  open(): StreamState {
    if (this.#owners.length < this.#most) {
      this.#places.push(this.#network.take(this.#bytes));
      this.#owners.push(null);
    }
    return new StreamState(this.#network.stateFloats);
  }

  /** The address of the stream's states in memory. */
  enter(stream: StreamState): number {
    if (stream.slot < 0) this.#take(stream);
    return this.#places[stream.slot] as number;
  }

  #take(stream: StreamState): void {
    const slot = this.#next;
    const owner = this.#owners[slot];
    if (owner) this.leave(owner);
    this.#next = (slot + 1) % this.#owners.length;
    this.#owners[slot] = stream;
    stream.slot = slot;
    const { f32 } = this.#network.memory;
    const at = this.enter(stream) >> 2;
    f32.set(stream.parked, at);
  }

  /** Moves the stream's states out of its slot into `parked`, where they may be read and written. */
  leave(stream: StreamState): Float32Array {
    if (stream.slot >= 0) {
      const at = this.enter(stream) >> 2;
      const { f32 } = this.#network.memory;
      const { parked } = stream;
      // Not set(subarray): a step that puts another stream out of its slot must not allocate either.
      for (let i = 0; i < parked.length; i++) parked[i] = f32[at + i] as number;
      this.#owners[stream.slot] = null;
      this.#next = stream.slot;
      stream.slot = -1;
    }
    return stream.parked;
  }
}
