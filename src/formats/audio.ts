/*
 * What the readers of audio plug-ins' files share.
 */
import type { Sequential } from "../index.js";
import type { Tensor } from "../tensor.js";
import { field, inside, object, type Place, unexpected } from "./json.js";
import type { Report } from "./report.js";

/** Samples, and what the model that the file was made of gave for them. */
export type AudioCase = {
  /** [T, I] */
  readonly input: Tensor;
  /** [T, O] */
  readonly output: Tensor;
};

/** What the readers of audio models return. */
export interface AudioModel {
  /** A frame is one sample, or a sample and the positions of the knobs that the model was trained with. */
  readonly model: Sequential;
  readonly report: Report;
  /** Hertz that the model was trained at; null where the file does not say. */
  readonly sampleRate: number | null;
  /** What the file carries to test itself with. */
  readonly cases: readonly AudioCase[];
}

/** Hertz, under any of these names, of the file or of its metadata; AIDA-X writes them as a string. */
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
