import { createHash } from "node:crypto";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { afterEach, describe, expect, test, vi } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../src/utf8.js";
import { sha256 } from "./guests/sha256.mjs";

// What lets one entry run in every runtime, as far as Node alone can tell; run.mjs asks the runtimes themselves.

/** The entry and all that it imports, as one script. */
async function script(format: "iife" | "esm"): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["src/index.ts"],
    bundle: true,
    write: false,
    minifyWhitespace: true,
    legalComments: "none",
    inject: ["tools/text-decoder.mjs"],
    globalName: "gatewise",
    format,
  });
  return outputFiles[0]!.text;
}

test("the entry asks nothing of its host: no fetch, eval, blob, window, process, import.meta or top-level await", async () => {
  const code = await script("iife"); // which esbuild refuses for top-level await
  expect(code).not.toMatch(
    /import\.meta|\bfetch\b|\beval\b|new Function|\bblob:|\bwindow\b|\bprocess\b|\bdocument\b|\brequire\(/,
  );
});

test("a realm with nothing but the language computes, and takes this realm's arrays and modules", async () => {
  const realm = createContext({});
  runInContext(await script("iife"), realm);
  const inside = (text: string) => runInContext(text, realm) as never;
  const { LSTM, init } = inside("gatewise") as typeof import("gatewise");
  const { readFile } = await import("node:fs/promises");
  const simd = new Uint8Array(await readFile("build/simd.wasm"));
  expect(await init(inside("({})"))).toMatch(/relaxed|simd/);
  for (const module of [simd, simd.buffer, new WebAssembly.Module(simd)])
    expect(await init({ module })).toBe("simd");
  const layer = new LSTM({ inputSize: 2, hiddenSize: 3 });
  const nested = layer.forward([[1, 2]]).output.data;
  const flat = { shape: [1, 2], data: Float32Array.of(1, 2) };
  expect(layer.forward(flat).output.data).toEqual(nested);
});

describe("UTF-8 without TextEncoder and TextDecoder", () => {
  afterEach(() => vi.unstubAllGlobals());
  const bare = () => {
    vi.stubGlobal("TextEncoder", undefined);
    vi.stubGlobal("TextDecoder", undefined);
  };

  test.each(["", "weight", "100 % %41", "é → 𝄞\u0000\u007f\u0080\uffff"])(
    "%j there and back",
    (text) => {
      const bytes = encodeUtf8(text);
      bare();
      expect(encodeUtf8(text)).toEqual(bytes);
      expect(decodeUtf8(bytes)).toBe(text);
    },
  );

  test.each([
    [[0x80]],
    [[0xc3]],
    [[0xc0, 0x80]],
    [[0xed, 0xa0, 0x80]],
    [[0xf5, 0x80, 0x80, 0x80]],
  ])("%j is refused", (bytes) => {
    bare();
    expect(() => decodeUtf8(Uint8Array.from(bytes))).toThrow();
  });
});

test.each([0, 1, 55, 56, 63, 64, 65, 1000])(
  "the matrix's SHA-256 of %d bytes is node's",
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 151) & 255);
    expect(sha256(bytes)).toBe(
      createHash("sha256").update(bytes).digest("hex"),
    );
  },
);
