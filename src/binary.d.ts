/** The type of `gatewise/simd.wasm` and `gatewise/relaxed.wasm` on hosts that compile imported .wasm files. */
declare const module: WebAssembly.Module;
export default module;
