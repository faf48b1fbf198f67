import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MessagePort, Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { GRU, LSTM, Sequential, Linear } from "../../src/index.js";
import { init } from "gatewise/threads";
import { bundle } from "../../tools/bundle.mjs";
import { expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import type { Said } from "./caller.js";

const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
const script = join(folder, "script.mjs");
const caller = join(folder, "caller.mjs");
const workers: Worker[] = [];
const create = () => {
  const worker = new Worker(script);
  workers.push(worker);
  return worker;
};

beforeAll(async () => {
  await bundle("src/threads/script-node.ts", script);
  await bundle("test/threads/caller.ts", caller);
});
afterAll(() => rmSync(folder, { recursive: true }));

const make = () => new LSTM({ inputSize: 8, hiddenSize: 128, seed: 3 });
const input = new Random(1).tensor([150, 8]);
const expected = make().forward(input).output;

/** A thread that says it serves and never does. */
const idle = () =>
  new Worker(
    `const { parentPort } = require("node:worker_threads");
     parentPort.once("message", () => {
       parentPort.postMessage("serves");
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );

describe("a thread that dies", () => {
  test("between calls: models go on on one, and it says why", async () => {
    const threads = await init({ threads: 3, create, split: "always" });
    const lstm = make();
    expectSameTensor(lstm.forward(input).output, expected, "split");
    expect([threads.threads, threads.reason]).toEqual([3, null]);
    await (workers.at(-1) as Worker).terminate();
    await vi.waitFor(() => expect(threads.threads).toBe(1));
    expect(threads.reason).toBe("thread 2 came to its end with code 1");
    const { calls } = threads;
    expectSameTensor(lstm.forward(input).output, expected, "alone");
    expectSameTensor(make().forward(input).output, expected, "another");
    expect(threads.calls).toBe(calls);
  });

  test("in the middle of a sequence: an error, soon, and what follows runs on one", async () => {
    const said: Said[] = [];
    const owner = new Worker(caller);
    await new Promise<void>((resolve, reject) => {
      owner.on("error", reject);
      owner.on("exit", () => resolve());
      owner.on("message", (message: Said) => {
        said.push(message);
        if (message.port) {
          const port = message.port as MessagePort;
          const worker = new Worker(script);
          worker.on("message", (heard) => port.postMessage({ message: heard }));
          worker.on("exit", (exit) => port.postMessage({ exit }));
          port.on("message", (heard: { message?: unknown; end?: true }) => {
            if (heard.end) void worker.terminate();
            else worker.postMessage(heard.message);
          });
          workers.push(worker);
        }
        if (message.running)
          setTimeout(() => void (workers.at(-1) as Worker).terminate(), 200);
      });
    });
    const last = said.at(-1) as Said;
    expect(last.first).toBe(
      "Error: threads: expected every thread to go on, got none from thread 1 for 400 ms; what follows runs on one",
    );
    // the 200 ms before it died, the 400 in which nothing came, and a loaded machine
    expect(last.milliseconds).toBeGreaterThan(400);
    expect(last.milliseconds).toBeLessThan(5000);
    expect(last).toMatchObject({ second: "an answer", threads: 1, same: true });
  });
});

test("a thread that makes no progress: an error, and its memory is left alone until it has ended", async () => {
  const threads = await init({
    threads: 2,
    create: idle,
    split: "always",
    timeout: 150,
  });
  const lstm = make();
  expect(() => lstm.forward(input)).toThrow(
    "threads: expected every thread to go on, got none from thread 1 for 150 ms; what follows runs on one",
  );
  expect(() => lstm.forward(input)).toThrow(
    "threads: expected the threads to have left the call that failed, got thread 1 in it; make the model anew, or wait",
  );
  expectSameTensor(make().forward(input).output, expected, "anew");
  expect([threads.threads, threads.reason]).toEqual([
    1,
    "a call got none from thread 1 for 150 ms",
  ]);
  await threads.close();
  expectSameTensor(lstm.forward(input).output, expected, "after its end");
});

test("an error in a thread stops the call that it is in", async () => {
  // what it computes on has no kernel: its first call is a trap
  const broken = () =>
    new Worker(
      `const { Instance } = WebAssembly;
       WebAssembly.Instance = function (module, { env }) {
         const { exports } = new Instance(module, { env });
         const words = new Int32Array(env.memory.buffer);
         let at = 0;
         return {
           exports: {
             takePart() {},
             join(control, ...rest) { at = control >> 2; exports.join(control, ...rest); },
             serve() { while (Atomics.load(words, at) === 0); throw new Error("broken"); },
           },
         };
       };
       import(${JSON.stringify(script)});`,
      { eval: true },
    );
  const threads = await init({ threads: 2, create: broken, timeout: 60_000 });
  expect(() => make().forward(input)).toThrow(
    "threads: expected every thread to go on, got an error in one; what follows runs on one",
  );
  expect(threads.threads).toBe(1);
  await threads.close();
});

describe("close", () => {
  test("models go on on one, and threads may be started again", async () => {
    const threads = await init({ threads: 2, create, split: "always" });
    const lstm = make();
    lstm.forward(input);
    await threads.close();
    await threads.close();
    expect([threads.threads, threads.reason]).toEqual([1, "it was closed"]);
    expectSameTensor(lstm.forward(input).output, expected, "closed");
    const again = await init({ threads: 2, create, split: "always" });
    expectSameTensor(make().forward(input).output, expected, "again");
    const { calls } = again;
    expect(calls).toBeGreaterThan(0);
    expectSameTensor(lstm.forward(input).output, expected, "of before");
    expect(again.calls).toBe(calls);
    await again.close();
  });

  test("init ends the threads of the init before", async () => {
    const before = await init({ threads: 2, create, split: "always" });
    const after = await init({ threads: 2, create, split: "always" });
    expect(before.threads).toBe(1);
    expect(after.threads).toBe(2);
    await after.close();
  });

  test("a program that has come to its end does not wait for threads", async () => {
    const program = join(folder, "program.mjs");
    const source = join(folder, "source.ts");
    const root = new URL("../../src/", import.meta.url).pathname;
    writeFileSync(
      source,
      `import { Worker } from "node:worker_threads";
       import { LSTM } from "${root}index.js";
       import { init } from "${root}threads/index.js";
       const threads = await init({ threads: 2, create: () => new Worker(${JSON.stringify(script)}) });
       new LSTM({ inputSize: 8, hiddenSize: 128 }).forward({ shape: [150, 8], data: new Float32Array(8 * 150) });
       console.log(threads.threads);`,
    );
    await bundle(source, program);
    const child = spawn(process.execPath, [program], { timeout: 30_000 });
    let printed = "";
    child.stdout.on("data", (data) => (printed += String(data)));
    child.stderr.on("data", (data) => (printed += String(data)));
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect([code, printed]).toEqual([0, "2\n"]);
  });
});

describe("one thread, where it says why", () => {
  test("no shared memory", async () => {
    const own = Object.getOwnPropertyDescriptor(
      globalThis,
      "SharedArrayBuffer",
    ) as PropertyDescriptor;
    Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
    try {
      const threads = await init({ threads: 2, create, split: "always" });
      expect(threads.threads).toBe(1);
      expect(threads.reason).toMatch(/^the host has no SharedArrayBuffer/);
      expectSameTensor(make().forward(input).output, expected, "output");
    } finally {
      Object.defineProperty(globalThis, "SharedArrayBuffer", own);
    }
  });

  test("a host that forbids compiling", async () => {
    const compile = vi.spyOn(WebAssembly, "compile");
    compile.mockRejectedValue(new WebAssembly.CompileError("forbidden"));
    const threads = await init({ threads: 2, create });
    compile.mockRestore();
    expect([threads.threads, threads.reason]).toEqual([
      1,
      "the host refused: CompileError: forbidden",
    ]);
    expectSameTensor(make().forward(input).output, expected, "output");
  });

  test("a page that is not isolated", async () => {
    vi.stubGlobal("crossOriginIsolated", false);
    vi.stubGlobal("document", {});
    const threads = await init({ threads: 2, create, split: "always" });
    vi.unstubAllGlobals();
    expect(threads.threads).toBe(1);
    expect(threads.reason).toMatch(
      /^the page is not cross-origin isolated.*Cross-Origin-Opener-Policy/,
    );
  });

  test("plain JavaScript, and one thread", async () => {
    const js = await init({
      threads: 2,
      backend: "js",
      create,
      split: "always",
    });
    expect(js.reason).toBe('the backend "js" has no threads');
    const one = await init({ threads: 1, backend: "auto" });
    expect([one.threads, one.reason]).toEqual([1, "one was asked for"]);
    await one.close();
  });
});

describe("what is asked", () => {
  test.each([
    [{ threads: 0 }, RangeError, "threads: expected a positive integer, got 0"],
    [{ threads: 17 }, RangeError, "threads: expected at most 16, got 17"],
    [
      { timeout: -1 },
      RangeError,
      "timeout: expected a positive integer, got -1",
    ],
    [{ thread: 2 }, RangeError, /^options: expected only threads, .*"thread"/],
    [{ create: 2 }, TypeError, /^create: expected a function/],
    [{ threads: 2 }, TypeError, /^create: expected a function/],
  ])("%o", async (options, kind, message) => {
    const asked = init(options as object);
    await expect(asked).rejects.toThrow(kind);
    await expect(asked).rejects.toThrow(message);
  });

  test("a script that does not run is an error", async () => {
    const absent = () => new Worker(`${script}.no`);
    await expect(init({ threads: 2, create: absent })).rejects.toThrow(
      /^threads: expected thread 1 to start, got Error: Cannot find module/,
    );
    expectSameTensor(make().forward(input).output, expected, "output");
  });
});

describe("models", () => {
  const layers = () =>
    new Sequential([
      new GRU({ inputSize: 16, hiddenSize: 201, seed: 1 }),
      new LSTM({ inputSize: 201, hiddenSize: 200, seed: 2 }),
      new Linear({ inputSize: 200, outputSize: 7, seed: 3 }),
    ]);
  const steps = new Random(4).tensor([40, 16]);

  test("streams have the bits of one, step by step, by blocks and as a whole", async () => {
    const alone = layers();
    const whole = alone.forward(steps).output;
    const large = () => new LSTM({ inputSize: 16, hiddenSize: 520, seed: 5 });
    const stream = large().stream();
    const frames = Array.from({ length: 12 }, (_, t) =>
      steps.data.slice(t * 16, t * 16 + 16),
    );
    const single = frames.map((frame) => Float32Array.from(stream.step(frame)));
    const threads = await init({ threads: 2, create, split: "always" });
    const model = layers();
    expectSameTensor(model.forward(steps).output, whole, "whole");
    const blocks = model.stream();
    const out = new Float32Array(40 * 7);
    out.set(blocks.run(steps.data.subarray(0, 25 * 16)));
    out.set(blocks.run(steps.data.subarray(25 * 16)), 25 * 7);
    expect(out).toEqual(whole.data);
    const before = threads.calls;
    const split = large().stream();
    const copies = frames.map((frame) => Float32Array.from(split.step(frame)));
    expect(copies).toEqual(single);
    expect(threads.calls).toBeGreaterThanOrEqual(before + frames.length);
    await threads.close();
  });

  test("small ones are not split", async () => {
    const threads = await init({ threads: 2, create });
    const small = new LSTM({ inputSize: 4, hiddenSize: 32, seed: 1 });
    small.forward(new Random(2).tensor([50, 4]));
    expect(threads.calls).toBe(0);
    await threads.close();
  });

  test("memory grows while threads serve", async () => {
    const threads = await init({ threads: 2, create, split: "always" });
    for (let models = 0; models < 2; models++) {
      const lstm = make();
      expectSameTensor(lstm.forward(input).output, expected, "output");
      const wide = new LSTM({ inputSize: 8, hiddenSize: 520, seed: models });
      wide.forward(new Random(2).tensor([3, 8]));
    }
    expect(threads.calls).toBeGreaterThan(3);
    await threads.close();
  });
});
