/** The kernel without the layers around it, which the package does not export. */

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { uniform } from "./data.mjs";

const path = (/** @type {string} */ file) =>
  fileURLToPath(new URL(file, import.meta.url));

const inside = path("build/kernel.mjs");
await build({
  stdin: {
    contents: `export { chunkSteps, layBuffers } from "./buffers.js"; export { Network } from "./network.js";`,
    resolveDir: path("../../src/kernel"),
    loader: "ts",
  },
  bundle: true,
  format: "esm",
  platform: "node",
  outfile: inside,
  logLevel: "error",
});
/** @type {Pick<typeof import("../../src/kernel/buffers.js"), "chunkSteps" | "layBuffers"> & Pick<typeof import("../../src/kernel/network.js"), "Network">} */
const { chunkSteps, layBuffers, Network } = await import(inside);

/**
 * The layer's kernel alone, over `rows` × `steps`, a chunk at a time, without the copies around it.
 *
 * @param {import("gatewise").Linear | import("gatewise").LSTM | import("gatewise").GRU | import("gatewise").RNN} layer
 * @param {"relaxed" | "simd"} backend
 * @param {number} rows
 * @param {number} steps
 */
export function kernelOf(layer, backend, rows, steps) {
  const network = new Network(layer.stages, backend);
  const states = network.weightsEnd;
  const most = chunkSteps(network.stages, rows, steps);
  const base = states + network.stateFloats * rows * 4;
  const buffers = layBuffers(network.stages, rows, most, base);
  network.memory.ensure(buffers.end);
  const { f32 } = network.memory;
  f32.fill(0, states >> 2);
  f32.set(uniform((buffers.y - buffers.x) >> 2), buffers.x >> 2);
  const [place] = network.cells;
  if (!place) throw new Error("bench: a layer without a cell");
  const { record, run, hAt, cAt } = place;
  const h = states + hAt * rows * 4;
  const c = states + cAt * rows * 4;
  return () => {
    for (let done = 0; done < steps; done += most) {
      const count = Math.min(most, steps - done);
      run(record, buffers.x, buffers.z, buffers.y, h, c, 0, rows, count, 0);
    }
  };
}
