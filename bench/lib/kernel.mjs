/** The kernel without the layers around it, which the package does not export. */

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { uniform } from "./data.mjs";

const path = (/** @type {string} */ file) =>
  fileURLToPath(new URL(file, import.meta.url));

const inside = path("build/kernel.mjs");
await build({
  stdin: {
    contents: `export { chunkSteps, layBuffers } from "./buffers.js"; export { Network } from "./network.js"; export { writeCall, writeState } from "./run.js";`,
    resolveDir: path("../../src/kernel"),
    loader: "ts",
  },
  bundle: true,
  format: "esm",
  platform: "node",
  outfile: inside,
  logLevel: "error",
});
/** @type {Pick<typeof import("../../src/kernel/buffers.js"), "chunkSteps" | "layBuffers"> & Pick<typeof import("../../src/kernel/network.js"), "Network"> & Pick<typeof import("../../src/kernel/run.js"), "writeCall" | "writeState">} */
const { chunkSteps, layBuffers, Network, writeCall, writeState } = await import(
  inside
);

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
  const states = network.memory.end;
  const most = chunkSteps(network.stages, rows, steps);
  const base = states + network.stateFloats * rows * 4;
  const buffers = layBuffers(network.stages, rows, most, base);
  network.memory.ensure(buffers.end);
  const { f32 } = network.memory;
  f32.fill(0, states >> 2);
  f32.set(uniform((buffers.y - buffers.x) >> 2), buffers.x >> 2);
  const [place] = network.cells;
  if (!place) throw new Error("bench: a layer without a cell");
  const { run, call } = place;
  place.states.forEach(({ at }, index) =>
    writeState(network.memory.i32, call, index, states + at * rows * 4),
  );
  const { x, y, z, integers } = buffers;
  return () => {
    for (let done = 0; done < steps; done += most) {
      const count = Math.min(most, steps - done);
      const chunk = {
        x,
        y,
        z,
        lengths: 0,
        rows,
        steps: count,
        trace: 0,
        integers,
      };
      writeCall(network.memory, call, chunk);
      run(call);
    }
  };
}
