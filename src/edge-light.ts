/*
 * The entry for the Edge Runtime of Next.js and Vercel (export condition "edge-light"), which forbids compiling bytes
 * but compiles imports of .wasm?module. Without relaxed SIMD, which the Edge Runtime refuses on Node 20.
 */
import simd from "../build/simd.wasm?module";
import { provide } from "./kernel/load.js";

provide("relaxed", null);
provide("simd", simd);

export * from "./index.js";
