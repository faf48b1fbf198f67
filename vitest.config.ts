import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (file: string) =>
  fileURLToPath(new URL(`src/${file}`, import.meta.url));
const nodeMajor = Number.parseInt(process.versions.node);

/**
 * Files that measure or change the process they run in: its heap, where a garbage collection takes longer the more
 * other files have left, what its compiler has seen, and what was loaded. A process costs 0.7 s of a core, so all
 * others share one a core.
 */
const alone = [
  "kernel/memory",
  "graph/memory",
  "worklet/allocation",
  // gives the process an AudioWorkletNode before the first import
  "worklet/processor",
  "signal/allocation",
  "kernel/init",
].map((name) => `test/${name}.test.ts`);

export default defineConfig({
  resolve: {
    alias: [
      { find: /^gatewise$/, replacement: source("index.ts") },
      {
        find: /^gatewise\/(audio|decode|quantize|queue|tesseract|threads|vis)$/,
        replacement: source("$1/index.ts"),
      },
      { find: /^gatewise\/train$/, replacement: source("training/index.ts") },
      {
        find: /^gatewise\/(safetensors|torch|onnx|keras|tfjs|tflite|nam|rtneural|load)$/,
        replacement: source("formats/$1/index.ts"),
      },
    ],
  },
  test: {
    environment: "node",
    pool: "forks",
    // Vitest leaves a core to itself, which on two cores is half of them.
    maxWorkers: "100%",
    execArgv: [
      "--expose-gc",
      ...(nodeMajor < 21 ? ["--experimental-wasm-relaxed-simd"] : []),
    ],
    testTimeout: 180_000,
    // Vitest starts them in the order of their names.
    projects: [
      { extends: true, test: { name: "alone", include: alone } },
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: alone,
          isolate: false,
          setupFiles: "test/support/fresh.ts",
          globalSetup: "test/support/built.ts",
        },
      },
    ],
  },
});
