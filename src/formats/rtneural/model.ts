/*
 * A model of RTNeural's JSON, AIDA-X's additions included.
 */
import { type Layer, Sequential } from "../../index.js";
import type { BackendChoice } from "../../layers/options.js";
import { type AudioModel, readSampleRate } from "../audio.js";
import type { Place } from "../json.js";
import { makeReport } from "../report.js";
import { applyGains, readCases, readExtras } from "./extras.js";
import { makeLayer, readInputSize, readParts } from "./layers.js";

/** @param file an object with `in_shape` and `layers` */
export function readModel(file: Place, backend: BackendChoice): AudioModel {
  const inputSize = readInputSize(file);
  const parts = readParts(file, inputSize);
  const extras = readExtras(file);
  applyGains(parts, extras);
  const sampleRate = readSampleRate(file);
  const cases = readCases(file, inputSize);
  const layers: Layer[] = parts.map((part) => makeLayer(part, backend));
  const report = makeReport({
    format: "rtneural",
    producer: extras.any ? "AIDA-X" : null,
    version: null,
    layers: parts.map(({ described }) => described),
    converted: [
      "Keras's layout to PyTorch's: kernels transposed, gates of GRUs reordered",
      ...extras.converted,
    ],
    ignored: [],
    warnings: [],
  });
  const model = new Sequential(layers, { skip: extras.skip });
  return { model, report, sampleRate, cases };
}
