import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (file: string) =>
  fileURLToPath(new URL(`src/${file}`, import.meta.url));
const nodeMajor = Number.parseInt(process.versions.node);

export default defineConfig({
  resolve: {
    alias: [
      { find: /^gatewise$/, replacement: source("index.ts") },
      {
        find: /^gatewise\/(safetensors|torch|onnx|keras|tfjs|nam|rtneural|load)$/,
        replacement: source("formats/$1/index.ts"),
      },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    pool: "forks",
    execArgv: [
      "--expose-gc",
      ...(nodeMajor < 21 ? ["--experimental-wasm-relaxed-simd"] : []),
    ],
    testTimeout: 180_000,
  },
});
