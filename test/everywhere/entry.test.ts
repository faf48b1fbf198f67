import { createHash } from "node:crypto";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { afterEach, describe, expect, test, vi } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../src/utf8.js";
import { asksFor } from "./hostless.mjs";
import { sha256 } from "./guests/sha256.mjs";

// What lets one entry run in every runtime, as far as Node alone can tell; run.mjs asks the runtimes themselves.

/** The entry and all that it imports, as one script. */
async function script(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["src/index.ts"],
    bundle: true,
    write: false,
    minifyWhitespace: true,
    legalComments: "none",
    inject: ["tools/text-decoder.mjs"],
    globalName: "gatewise",
    format: "iife",
  });
  return outputFiles[0]!.text;
}

describe("asks nothing of its host: no fetch, eval, blob, window, process, import.meta or top-level await", () => {
  const formats = readdirSync("src/formats")
    .map((name) => `src/formats/${name}/index.ts`)
    .filter(existsSync);
  const entries = [
    "index",
    "safetensors",
    "worklet/index",
    "worklet/processor",
    "worklet/clock-script",
    "threads/index",
    "threads/script",
    "worker/index",
    "worker/script",
  ].map((name) => `src/${name}.ts`);

  test.each(entries)("%s", async (entry) => {
    expect(await asksFor(entry)).toEqual([]);
  });

  // A reader's libraries may look whether they are in Node, but run under any Content Security Policy.
  test.each(formats)("%s: nothing that a page may forbid", async (entry) => {
    const asked = await asksFor(entry);
    for (const name of ["eval", "Function", "import_meta", "fetch", "blob:"])
      expect(asked).not.toContain(name);
  });

  test.each([
    ["console.log(import.meta.url)", "import_meta"],
    ["export const load = () => fetch('a.wasm')", "fetch"],
    ["if (typeof process === 'object') globalThis.a = 1", "process"],
    ["globalThis.window.a = 1", "window"],
    ["export const f = new Function('return 1')", "Function"],
    ["(0, eval)('1')", "eval"],
    ["globalThis.a = new Worker('blob:a')", "blob:"],
  ])("this one does: %s", async (code, name) => {
    const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
    const file = join(folder, "entry.js");
    writeFileSync(
      file,
      `${code};\nclass A { process(fetch) { return fetch; } }\nglobalThis.b = A;`,
    );
    expect(await asksFor(file)).toEqual([name]);
    writeFileSync(file, "globalThis.a = await 1;");
    await expect(asksFor(file)).rejects.toThrow("Top-level await");
    rmSync(folder, { recursive: true });
  });
});

test("a realm with nothing but the language computes, and takes this realm's arrays and modules", async () => {
  const realm = createContext({});
  runInContext(await script(), realm);
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
