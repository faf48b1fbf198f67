import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FIRST_ADDRESS } from "../../src/kernel/memory.js";

test.each(["simd", "relaxed"])(
  "%s.wasm writes its own constants below the first address of a model, and nothing else",
  (name) => {
    const url = new URL(`../../build/${name}.wasm`, import.meta.url);
    const memory = new WebAssembly.Memory({ initial: 1 });
    new Uint8Array(memory.buffer).fill(0xaa);
    const module = new WebAssembly.Module(readFileSync(url));
    expect(new WebAssembly.Instance(module, { env: { memory } })).toBeTruthy();
    const bytes = new Uint8Array(memory.buffer);
    const written = Array.from(bytes.keys()).filter((i) => bytes[i] !== 0xaa);
    expect(written.length).toBeGreaterThan(0);
    expect(written[0]).toBeGreaterThanOrEqual(1024);
    expect(written.at(-1)).toBeLessThan(FIRST_ADDRESS);
  },
);
