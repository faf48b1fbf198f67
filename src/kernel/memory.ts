/**
 * One model's memory: weights, then stream slots, then scratch. The views are replaced whenever it grows, so read
 * `f32` and `i32` anew after anything that may call `ensure`.
 */
export interface Memory {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  /** Grows to at least this many bytes, keeping the contents. */
  ensure(bytes: number): void;
}

const PAGE = 65536;

/** Asking for more than this fails anyway: kernel addresses are 32-bit. */
const MOST_BYTES = 2 ** 31;

function refuse(bytes: number): void {
  if (bytes >= MOST_BYTES) {
    throw new RangeError(
      `memory: expected at most ${MOST_BYTES} bytes for one model, got ${bytes}`,
    );
  }
}

/** A host reserves some GB of addresses for each memory, however small: Node's have room for about 12 000. */
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

export class WasmMemory implements Memory {
  readonly wasm = exhaustible(() => new WebAssembly.Memory({ initial: 1 }));
  f32: Float32Array = new Float32Array(this.wasm.buffer);
  i32: Int32Array = new Int32Array(this.wasm.buffer);

  ensure(bytes: number): void {
    const missing = bytes - this.wasm.buffer.byteLength;
    if (missing <= 0) return;
    refuse(bytes);
    exhaustible(() => this.wasm.grow(Math.ceil(missing / PAGE)));
    this.f32 = new Float32Array(this.wasm.buffer);
    this.i32 = new Int32Array(this.wasm.buffer);
  }
}

export class JsMemory implements Memory {
  f32: Float32Array = new Float32Array(1024);
  i32: Int32Array = new Int32Array(this.f32.buffer);

  ensure(bytes: number): void {
    if (bytes <= this.f32.byteLength) return;
    refuse(bytes);
    const grown = new Float32Array(Math.ceil(bytes / 4));
    grown.set(this.f32);
    this.f32 = grown;
    this.i32 = new Int32Array(grown.buffer);
  }
}
