import type { Memory } from "./memory.js";

/*
 * The kernel's contract, for both WebAssembly binaries (assembly/) and the plain JavaScript kernel (js/).
 * Addresses and strides are bytes in the model's one memory; a kernel allocates nothing and checks nothing.
 */

/**
 * One layer and direction over a chunk of B rows × T steps: project the inputs, then run through time.
 *
 * @param run address of the call's record (run.ts)
 */
export type Pass = (run: number) => void;

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
