import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";

// What init chooses. Each test imports the library anew, as a page that has just loaded it.

async function load() {
  vi.resetModules();
  return import("../../src/index.js");
}

const binary = (name: "simd" | "relaxed") =>
  readFileSync(new URL(`../../build/${name}.wasm`, import.meta.url));

const undo: (() => void)[] = [];
afterEach(() => {
  for (const restore of undo.splice(0).reverse()) restore();
  vi.unstubAllGlobals();
});

type Name =
  "Module" | "Instance" | "Memory" | "compile" | "instantiate" | "validate";
const everything: readonly Name[] = [
  "Module",
  "Instance",
  "Memory",
  "compile",
  "instantiate",
  "validate",
];

/** Calls `before` whenever these are called or constructed; they stay the classes that instanceof knows. */
function intercept(names: readonly Name[], before: () => void): void {
  for (const name of names) {
    const original = WebAssembly[name];
    const proxy = new Proxy(original as () => unknown, {
      construct(target, given) {
        before();
        return Reflect.construct(target, given) as object;
      },
      apply: (target, self, given) => (
        before(),
        Reflect.apply(target, self, given)
      ),
    });
    Object.assign(WebAssembly, { [name]: proxy });
    undo.push(() => Object.assign(WebAssembly, { [name]: original }));
  }
}

/** As an edge worker, or a page whose CSP lacks wasm-unsafe-eval. */
function forbidCompiling(): void {
  intercept(["Module"], refuse);
  const { compile } = WebAssembly;
  Object.assign(WebAssembly, { compile: async () => refuse() });
  undo.push(() => Object.assign(WebAssembly, { compile }));
}

function refuse(): never {
  throw new WebAssembly.CompileError(
    "Wasm code generation disallowed by embedder",
  );
}

test("importing compiles and runs nothing; the first use sets the kernel up, synchronously", async () => {
  const used = vi.fn();
  intercept(everything, used);
  const { LSTM } = await load();
  const layer = new LSTM({ inputSize: 1, hiddenSize: 1 });
  layer.stateDict();
  expect(used).not.toHaveBeenCalled();
  expect(layer.forward([[1]]).output.shape).toEqual([1, 1]);
  expect(used).toHaveBeenCalled();
});

test("the js backend touches no WebAssembly at all", async () => {
  const used = vi.fn();
  intercept(everything, used);
  const { GRU } = await load();
  new GRU({ inputSize: 1, hiddenSize: 2, backend: "js" }).forward([[1], [2]]);
  expect(used).not.toHaveBeenCalled();
});

test.each(["relaxed", "simd", "js"] as const)(
  "init takes %s when asked, and currentBackend says so",
  async (backend) => {
    const { init, currentBackend, LSTM } = await load();
    expect(await init({ backend })).toBe(backend);
    expect(currentBackend()).toBe(backend);
    expect(
      new LSTM({ inputSize: 1, hiddenSize: 1 }).forward([[1]]).output.data
        .length,
    ).toBe(1);
  },
);

test("auto takes the fastest, with and without init, and deterministic leaves relaxed out", async () => {
  expect((await load()).currentBackend()).toBe("relaxed");
  expect(await (await load()).init()).toBe("relaxed");
  expect(await (await load()).init({ backend: "auto" })).toBe("relaxed");
  const { init, currentBackend } = await load();
  expect(await init({ deterministic: true })).toBe("simd");
  expect(currentBackend()).toBe("simd");
});

test("a host without WebAssembly, or one that forbids compiling, gets js", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  const bare = await load();
  expect(await bare.init()).toBe("js");
  expect(
    new bare.LSTM({ inputSize: 1, hiddenSize: 1 }).forward([[1]]).output.data
      .length,
  ).toBe(1);
  vi.unstubAllGlobals();

  forbidCompiling();
  const strict = await load();
  expect(strict.currentBackend()).toBe("js");
  expect(await strict.init()).toBe("js");
});

test.each(["simd", "relaxed"] as const)(
  "init takes the %s binary as bytes and as a buffer, and compiles it once",
  async (name) => {
    const bytes = new Uint8Array(binary(name));
    for (const module of [bytes, bytes.buffer]) {
      const { init, currentBackend, RNN } = await load();
      expect(await init({ module })).toBe(name);
      expect(currentBackend()).toBe(name);
      const compile = vi.fn();
      intercept(["Module", "compile"], compile);
      new RNN({ inputSize: 1, hiddenSize: 1 }).forward([[1]]);
      expect(compile).not.toHaveBeenCalled();
    }
  },
);

test.each(["simd", "relaxed"] as const)(
  "a compiled %s module runs where compiling is forbidden",
  async (name) => {
    const module = new WebAssembly.Module(new Uint8Array(binary(name)));
    forbidCompiling();
    const { init, currentBackend, RNN } = await load();
    expect(await init({ module })).toBe(name);
    expect(currentBackend()).toBe(name);
    expect(
      new RNN({ inputSize: 1, hiddenSize: 1 }).forward([[1]]).output.data
        .length,
    ).toBe(1);
  },
);

test("init refuses what is no backend and no binary of this library", async () => {
  const { init, currentBackend } = await load();
  await init({ backend: "simd" });
  await expect(init({ backend: "cuda" as never })).rejects.toThrow(RangeError);
  await expect(init({ backend: "cuda" as never })).rejects.toThrow(
    /^backend: expected .*"simd".*, got "cuda"$/,
  );
  await expect(init({ backend: 7 as never })).rejects.toThrow(TypeError);
  await expect(init({ deterministic: "yes" as never })).rejects.toThrow(
    /^deterministic: expected true or false, got "yes"$/,
  );
  await expect(init({ module: "simd.wasm" as never })).rejects.toThrow(
    TypeError,
  );
  await expect(
    init({ module: Promise.resolve(binary("simd")) as never }),
  ).rejects.toThrow(/^module: expected .* or its bytes, got a Promise$/);
  await expect(
    init({ deterministic: true, module: binary("relaxed") }),
  ).rejects.toThrow(/^module: expected the simd binary, got the relaxed one$/);
  await expect(
    init({ module: new TextEncoder().encode("<!doctype html>") }),
  ).rejects.toThrow(/^module: expected .*, got .*/);
  const empty = new WebAssembly.Module(
    Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0),
  );
  await expect(init({ module: empty })).rejects.toThrow(/^module: expected /);
  expect(currentBackend(), "after all these").toBe("simd");
});
