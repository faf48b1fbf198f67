// @ts-nocheck: runs in a browser, which resolves its imports by address
// A page, with no build: loads what the query names and keeps the report's promise in globalThis.answer.
import { parse } from "/node_modules/gatewise/dist/safetensors.js";
import { foreign } from "./foreign.mjs";
import { report } from "./report.mjs";

const now = () => performance.now();
const gatewise = () => import("/node_modules/gatewise/dist/index.js");
const train = () => import("/node_modules/gatewise/dist/training/index.js");

/** @type {Record<string, () => Promise<unknown>>} */
const places = {
  main: () =>
    report(
      async () => ({
        gatewise: await gatewise(),
        parse,
        train: await train(),
      }),
      now,
    ),

  nowasm: () => {
    Reflect.deleteProperty(globalThis, "WebAssembly");
    return places.main();
  },

  frame: () => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const { Float32Array, Uint8Array } = frame.contentWindow;
    return report(
      async () => ({
        gatewise: await gatewise(),
        parse: foreign(parse, Float32Array, Uint8Array),
      }),
      now,
    );
  },

  worker: () =>
    new Promise((resolve, reject) => {
      const worker = new Worker("./worker.mjs", { type: "module" });
      worker.onmessage = ({ data }) =>
        "error" in data ? reject(new Error(data.error)) : resolve(data);
      worker.onerror = (event) =>
        reject(new Error(event.message ?? "the worker did not load"));
    }),

  worklet: async () => {
    const context = new OfflineAudioContext(1, 128, 48000);
    await context.audioWorklet.addModule("./worklet.mjs");
    const node = new AudioWorkletNode(context, "conformance");
    node.connect(context.destination);
    return new Promise((resolve, reject) => {
      node.port.onmessage = ({ data }) =>
        "error" in data ? reject(new Error(data.error)) : resolve(data);
      node.onprocessorerror = () => reject(new Error("processorerror"));
      context.startRendering();
    });
  },

  pool: async () => {
    const { createPool } =
      await import("/node_modules/gatewise/dist/worker/index.js");
    const { poolReport } = await import("./pool.mjs");
    const script = "/node_modules/gatewise/dist/worker-script.js";
    const create = () => new Worker(script, { type: "module" });
    return poolReport(
      await gatewise(),
      parse,
      await train(),
      (workers, backend) =>
        createPool({ create, workers, ...(backend && { backend }) }),
    );
  },

  threads: async () => {
    const { init } =
      await import("/node_modules/gatewise/dist/threads/index.js");
    const { threadsReport } = await import("./threads.mjs");
    const script = "/node_modules/gatewise/dist/threads-script.js";
    const create = () => new Worker(script, { type: "module" });
    return threadsReport(await gatewise(), (options) =>
      init({ create, ...options }),
    );
  },

  "threads-worker": () =>
    new Promise((resolve, reject) => {
      const worker = new Worker("./threads-worker.mjs", { type: "module" });
      worker.onmessage = ({ data }) =>
        "error" in data ? reject(new Error(data.error)) : resolve(data);
      worker.onerror = (event) =>
        reject(new Error(event.message ?? "the worker did not load"));
    }),

  audio: async () => (await import("./audio.mjs")).audioReport(),
};

const place = new URL(location.href).searchParams.get("place");
globalThis.answer = places[place]();
