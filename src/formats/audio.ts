/*
 * What the readers of audio plug-ins' files share.
 */
import type { Sequential } from "../index.js";
import type { Tensor } from "../tensor.js";
import { field, inside, object, type Place, unexpected } from "./json.js";
import type { Report } from "./report.js";

/** Samples, and the outputs of the original model for them. */
export type AudioCase = {
  /** [T, I] */
  readonly input: Tensor;
  /** [T, O] */
  readonly output: Tensor;
};

/** The result of loading an audio model. */
export interface AudioModel {
  /** A frame is one sample, or a sample and the positions of the knobs that the model was trained with. */
  readonly model: Sequential;
  readonly report: Report;
  /** The sample rate, in hertz, at which the model was trained; null if the file does not say. */
  readonly sampleRate: number | null;
  /** Test cases in the file, for `verify`. */
  readonly cases: readonly AudioCase[];
}

/** The sample rate in hertz, under one of these names in the file or its metadata; AIDA-X writes it as a string. */
export function readSampleRate(file: Place): number | null {
  const metadata = field(file, "metadata") ?? null;
  const places = metadata === null ? [file] : [file, object(file, "metadata")];
  for (const place of places)
    for (const name of ["sample_rate", "samplerate"]) {
      const value = field(place, name) ?? null;
      if (value === null) continue;
      const rate = typeof value === "string" ? Number(value) : value;
      if (typeof rate === "number" && rate > 0 && Number.isFinite(rate))
        return rate;
      throw unexpected("hertz", value, inside(place, name));
    }
  return null;
}
