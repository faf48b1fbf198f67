/**
 * The memory of one or several networks: blocks for weights and stream slots, and after them space that every call uses.
 * The views are replaced when it grows, so read `f32` and `i32` again after anything that may grow it.
 */
export interface Memory {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  /** The first byte after all blocks, where the buffers of calls begin. It moves when blocks are taken or freed. */
  readonly end: number;
  /** Grows to at least this many bytes, keeping the contents. */
  ensure(bytes: number): void;
  /** Whether a hole of this many bytes was freed. */
  hasHole(bytes: number): boolean;
  /** The address of a new block, all zeros. */
  take(bytes: number): number;
  /** Frees a block. */
  give(address: number, bytes: number): void;
  /** Keeps this many bytes after the blocks from now on, so that a step never grows the memory. */
  reserve(bytes: number): void;
}

/** Below 1024 the compiler folds constant offsets; after that are the kernel's own constants. */
export const FIRST_ADDRESS = 2048;

const PAGE = 65536;

/** Asking for more than this fails anyway: kernel addresses are 32-bit. */
const MAX_BYTES = 2 ** 31;

/** Blocks begin at whole lines of the processor's cache. */
const LINE = 64;

const inLines = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;

function refuse(bytes: number): void {
  if (bytes >= MAX_BYTES) {
    throw new RangeError(
      `memory: expected at most ${MAX_BYTES} bytes for one model, got ${bytes}`,
    );
  }
}

/** A host reserves GBs of addresses even for a small memory: Node has room for about 12 000 memories, a page for some hundred. */
function exhaustible<T>(allocate: () => T): T {
  try {
    return allocate();
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new RangeError(
      `memory: expected room for one more model, got ${got}; dispose() models that are done with, hold fewer at once, or run them with backend: "js", which needs no WebAssembly memory`,
    );
  }
}

/** A block that was freed. */
interface Hole {
  start: number;
  bytes: number;
}

const endOf = ({ start, bytes }: Hole): number => start + bytes;

/** Allocates blocks: in the first hole that is large enough, otherwise at the end. */
abstract class Blocks implements Memory {
  f32: Float32Array = new Float32Array(0);
  i32: Int32Array = new Int32Array(0);
  end = FIRST_ADDRESS;
  /** Sorted by address. No two of them are adjacent, and none is at the end. */
  readonly #holes: Hole[] = [];
  #reserved = 0;

  abstract ensure(bytes: number): void;

  hasHole(bytes: number): boolean {
    return this.#findHole(inLines(bytes)) >= 0;
  }

  #findHole(size: number): number {
    return this.#holes.findIndex((hole) => hole.bytes >= size);
  }

  take(bytes: number): number {
    const size = inLines(bytes);
    const index = this.#findHole(size);
    const hole = this.#holes[index];
    const address = hole ? hole.start : this.end;
    if (!hole) {
      this.ensure(this.end + size + this.#reserved);
      this.end += size;
    } else if (hole.bytes === size) this.#holes.splice(index, 1);
    else {
      hole.start += size;
      hole.bytes -= size;
    }
    this.f32.fill(0, address >> 2, (address + size) >> 2);
    return address;
  }

  give(address: number, bytes: number): void {
    const given = { start: address, bytes: inLines(bytes) };
    let first = this.#holesBelow(address);
    let joined = 0;
    const below = this.#holes[first - 1];
    const above = this.#holes[first];
    if (below && endOf(below) === given.start) {
      given.start = below.start;
      given.bytes += below.bytes;
      first--;
      joined++;
    }
    if (above && endOf(given) === above.start) {
      given.bytes += above.bytes;
      joined++;
    }
    if (endOf(given) === this.end) {
      this.end = given.start;
      this.#holes.splice(first, joined);
    } else this.#holes.splice(first, joined, given);
  }

  /** The number of holes below an address, by binary search: garbage may free thousands of blocks. */
  #holesBelow(address: number): number {
    let low = 0;
    let high = this.#holes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#holes[middle] as Hole).start < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  reserve(bytes: number): void {
    if (bytes <= this.#reserved) return;
    this.ensure(this.end + bytes);
    this.#reserved = bytes;
  }
}

export class WasmMemory extends Blocks {
  readonly wasm = exhaustible(() => new WebAssembly.Memory({ initial: 1 }));
  override f32: Float32Array = new Float32Array(this.wasm.buffer);
  override i32: Int32Array = new Int32Array(this.wasm.buffer);

  override ensure(bytes: number): void {
    const missing = bytes - this.wasm.buffer.byteLength;
    if (missing <= 0) return;
    refuse(bytes);
    exhaustible(() => this.wasm.grow(Math.ceil(missing / PAGE)));
    this.f32 = new Float32Array(this.wasm.buffer);
    this.i32 = new Int32Array(this.wasm.buffer);
  }
}

export class JsMemory extends Blocks {
  override f32: Float32Array = new Float32Array(1024);
  override i32: Int32Array = new Int32Array(this.f32.buffer);

  override ensure(bytes: number): void {
    if (bytes <= this.f32.byteLength) return;
    refuse(bytes);
    const grown = new Float32Array(Math.ceil(bytes / 4));
    grown.set(this.f32);
    this.f32 = grown;
    this.i32 = new Int32Array(grown.buffer);
  }
}
