/*
 * The entry for Cloudflare Workers (export condition "workerd"). They forbid compiling bytes, and compile what is
 * imported as .wasm when they are deployed: nothing to pass to init.
 */
import relaxed from "../build/relaxed.wasm";
import simd from "../build/simd.wasm";
import { provide } from "./kernel/load.js";

provide("relaxed", relaxed);
provide("simd", simd);

export * from "./index.js";
