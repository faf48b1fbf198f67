/*
 * The entry for Cloudflare Workers (export condition "workerd"). They forbid compiling bytes at run time but compile
 * imported .wasm files on deployment, so users need not pass a module to init.
 */
import arrays from "../build/arrays.wasm";
import dot from "../build/dot.wasm";
import relaxed from "../build/relaxed.wasm";
import simd from "../build/simd.wasm";
import { provide, provideArrays, provideDot } from "./kernel/load.js";

provide("relaxed", relaxed);
provide("simd", simd);
provideArrays(arrays);
provideDot(dot);

export * from "./index.js";
