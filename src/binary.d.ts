/** What `gatewise/simd.wasm` and `gatewise/relaxed.wasm` are where hosts compile the .wasm files that one imports. */
declare const module: WebAssembly.Module;
export default module;
