/*
 * Reads .nam files of Neural Amp Modeler.
 */
import { describe, message } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { BackendChoice } from "../../layers/options.js";
import { type AudioModel, readSampleRate } from "../audio.js";
import { field, type Place, text, unexpected } from "../json.js";
import { makeReport } from "../report.js";
import { readLstm } from "./lstm.js";

/** Versions 0.5 to 0.7, whose LSTM is the same. Later versions are unknown. */
const VERSION = /^0\.[567]\.\d{1,9}$/;

/** NAM's other architectures. All but LSTM are refused; for these the message says what they are. */
const DESCRIPTIONS: ReadonlyMap<string, string> = new Map([
  ["WaveNet", "a network of dilated convolutions"],
  ["ConvNet", "a network of convolutions"],
  ["Linear", "an impulse response"],
  ["SlimmableContainer", "a container of several models"],
  ["CatLSTM", "an LSTM with knobs, which only NAM's trainer has"],
  ["CatWaveNet", "a WaveNet with knobs, which only NAM's trainer has"],
]);

/** @param file an object with `architecture` */
export function readNam(
  file: Place,
  fastTanh: boolean,
  backend: BackendChoice,
): AudioModel {
  const version = text(file, "version");
  if (!VERSION.test(version))
    throw unexpected("0.5.0 to 0.7", version, "version");
  const architecture = text(file, "architecture");
  if (architecture !== "LSTM") {
    const what = DESCRIPTIONS.get(architecture);
    const name = describe(architecture);
    const got = what === undefined ? name : `${name}, ${what}`;
    throw new FormatError(message("architecture", "LSTM", got));
  }
  const sampleRate = readSampleRate(file);
  const { model, layers, warnings } = readLstm(file, fastTanh, backend);
  const report = makeReport({
    format: "nam",
    producer: "Neural Amp Modeler",
    version,
    layers,
    converted: ["[W | U] split into weight_ih and weight_hh"],
    ignored: field(file, "metadata") === undefined ? [] : ["metadata"],
    warnings: [
      ...warnings,
      ...(sampleRate === null
        ? ["no sample_rate: probably 48000 Hz, which NAM's trainer used"]
        : []),
    ],
  });
  return { model, report, sampleRate, cases: [] };
}
