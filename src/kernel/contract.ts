import type { Memory } from "./memory.js";

/*
 * The kernel's contract: what both WebAssembly binaries (assembly/) and the plain JavaScript kernel (js/) fulfil.
 * Addresses and strides are bytes in the model's one memory; a kernel allocates nothing and checks nothing.
 *
 * Sizes: B rows (sequences of the batch), T steps, quads = units / 4 rounded up.
 */

/**
 * One layer and direction over a chunk of B rows × T steps: project the inputs, then run through time.
 *
 * @param layer   address of the layer's record (fields.ts)
 * @param x       [B, T, inputWidth]
 * @param z       [B, T, 16 · zPanels], scratch; behind it the cell's `scratch` for each row
 * @param y       [B, T, outputStride / 4]; written where this direction's lanes begin
 * @param h       [B, 4 · outputQuads], the state before, then after the chunk
 * @param c       [B, 4 · hiddenQuads], LSTM alone
 * @param lengths B int32, each row's steps in this chunk, longest first; 0: every row has all
 * @param trace   where one row's gates are written, 0: nowhere (B must be 1 otherwise)
 */
export type Pass = (
  layer: number,
  x: number,
  z: number,
  y: number,
  h: number,
  c: number,
  lengths: number,
  rows: number,
  steps: number,
  trace: number,
) => void;

/**
 * A function of the kernel: an export of the binaries, and the same in plain JavaScript over a memory: the same panels,
 * the same order of every sum, rounded to float32 after every operation (Math.fround costs nothing: engines compile it
 * to float32 arithmetic), hence the same bits as the simd binary. That serves hosts without WebAssembly and is the oracle
 * of the tests. Each file of js/ is its namesake in assembly/, where the drawings are; an index there counts floats where
 * the binaries count bytes.
 */
export interface KernelFunction {
  readonly name: string;
  js(memory: Memory): Pass;
}
