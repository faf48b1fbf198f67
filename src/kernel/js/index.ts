import type { Kernel, Pass } from "../contract.js";
import type { Memory } from "../memory.js";
import { generalLinear, generalStep } from "./general.js";
import { gruAfterStep, gruBeforeStep } from "./gru.js";
import { Layer } from "./layer.js";
import { linear } from "./linear.js";
import { lstmStep } from "./lstm.js";
import { Chunk, type Step, StepPlace, timeLoop } from "./recurrence.js";
import { rnnStep } from "./rnn.js";

/**
 * The kernel in plain JavaScript: the same panels, the same order of every sum, rounded to float32 after every
 * operation (Math.fround costs nothing: engines compile it to float32 arithmetic), hence the same bits as the
 * simd binary. It serves hosts without WebAssembly and is the oracle of the tests. Each file here is its
 * namesake in assembly/, where the drawings are; an index here counts floats where the binaries count bytes.
 */
export function createJsKernel(memory: Memory): Kernel {
  const layers = new Map<number, Layer>();
  const layerAt = (address: number): Layer => {
    let layer = layers.get(address);
    if (!layer) {
      layer = new Layer(memory, address);
      layers.set(address, layer);
    }
    return layer;
  };
  const chunk = new Chunk();
  const place = new StepPlace();
  const recurrent =
    (stepOf: (layer: Layer) => Step): Pass =>
    (record, x, z, y, h, c, lengths, rows, steps, trace) => {
      const layer = layerAt(record);
      place.z = z >> 2;
      place.y = y >> 2;
      place.h = h >> 2;
      place.c = c >> 2;
      place.trace = trace >> 2;
      timeLoop(
        memory.f32,
        layer,
        stepOf(layer),
        x >> 2,
        chunk.set(memory, lengths, rows, steps),
        place,
      );
    };
  const runGeneral = recurrent(generalStep);
  return {
    linear(record, x, z, y, _h, _c, lengths, rows, steps) {
      linear(
        memory.f32,
        layerAt(record),
        x >> 2,
        z >> 2,
        y >> 2,
        chunk.set(memory, lengths, rows, steps),
      );
    },
    rnn: recurrent(() => rnnStep),
    lstm: recurrent(() => lstmStep),
    gru: recurrent((layer) => (layer.second ? gruBeforeStep : gruAfterStep)),
    general(record, x, z, y, h, c, lengths, rows, steps, trace) {
      const layer = layerAt(record);
      if (layer.kind !== "linear") {
        runGeneral(record, x, z, y, h, c, lengths, rows, steps, trace);
        return;
      }
      const run = chunk.set(memory, lengths, rows, steps);
      generalLinear(memory.f32, layer, x >> 2, z >> 2, y >> 2, run);
    },
  };
}
