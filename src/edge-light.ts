/*
 * The entry for the Edge Runtime of Next.js and Vercel (export condition "edge-light"), which forbids compiling
 * bytes and compiles what is imported as .wasm?module. Without relaxed, which the Edge Runtime on Node 20 refuses.
 */
import simd from "../build/simd.wasm?module";
import { provide } from "./kernel/load.js";

provide("relaxed", null);
provide("simd", simd);

export * from "./index.js";
