/*
 * The model in a file, for all commands.
 */
import { load } from "../formats/rtneural/index.js";
import type { AudioCase } from "../formats/audio.js";
import { makeReport, type Report } from "../formats/report.js";
import { type Backend, FormatError, init, Sequential } from "../index.js";
import type { Tensor } from "../tensor.js";
import { about } from "./errors.js";
import { readInput } from "./input.js";

/** A model that is a graph, not a chain: its inputs and outputs have names. */
export interface Graph {
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
  run(inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
  save(metadata?: Record<string, string>): Uint8Array;
}

export interface Loaded {
  readonly model: Sequential | Graph;
  readonly report: Report;
  /** Hertz, of an audio plug-in's model that says so. */
  readonly sampleRate: number | null;
  readonly cases: readonly AudioCase[];
}

export async function loadModel(
  file: string,
  backend: Backend | "auto",
): Promise<Loaded> {
  // for all layers, whatever they were saved with
  await init({ backend });
  return about(file, async () => {
    const bytes = await readInput(file);
    if (bytes[8] === 0x7b) {
      const model = Sequential.load(bytes);
      const report = makeReport({
        format: "safetensors",
        producer: "gatewise",
        version: null,
        layers: [],
        converted: [],
        ignored: [],
        warnings: [],
      });
      return { model, report, sampleRate: null, cases: [] };
    }
    if (bytes.length === 0)
      throw new FormatError("file: expected a model, got nothing");
    return load(bytes);
  });
}
