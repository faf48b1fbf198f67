/*
 * The entry for the Edge Runtime of Next.js and Vercel (export condition "edge-light"), which forbids compiling bytes
 * but compiles imports of .wasm?module. Without relaxed SIMD, which the Edge Runtime refuses on Node 20.
 */
import arrays from "../build/arrays.wasm?module";
import simd from "../build/simd.wasm?module";
import { provide, provideArrays } from "./kernel/load.js";

provide("relaxed", null);
provide("simd", simd);
provideArrays(arrays);

export * from "./index.js";
