import type { Kernel } from "../contract.js";
import type { Memory } from "../memory.js";
import { Layer } from "./layer.js";
import { linear } from "./linear.js";
import { Chunk, recurrent, StepPlace } from "./recurrence.js";

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
    recurrent(record, x, z, y, h, c, lengths, rows, steps, trace) {
      place.z = z >> 2;
      place.y = y >> 2;
      place.h = h >> 2;
      place.c = c >> 2;
      place.trace = trace >> 2;
      recurrent(
        memory.f32,
        layerAt(record),
        x >> 2,
        chunk.set(memory, lengths, rows, steps),
        place,
      );
    },
  };
}
