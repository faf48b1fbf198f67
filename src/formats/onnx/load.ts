import { boolean, record } from "../../checks.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import { toBytes } from "../../bytes.js";
import { makeReport, type Report } from "../report.js";
import { compile } from "./compile.js";
import { ExternalFiles } from "./external.js";
import { OnnxModel } from "./model.js";
import { readSaved } from "./saved.js";

/** What an ONNX file does not say, and limits. */
export interface OnnxOptions {
  /** The kernel of the recurrent layers and constant matrices; 'auto' by default. */
  backend?: BackendChoice;
  /**
   * Reads GRU nodes without linear_before_reset as if they said 1, as PyTorch computes: its torch.export leaves the
   * attribute out. false by default; the report warns where it may be needed.
   */
  forceLinearBeforeReset?: boolean;
  /**
   * The files beside the model that hold its larger tensors (external data), by the locations that the model has for
   * them: `{ "model.onnx.data": bytes }`.
   */
  files?: Readonly<Record<string, Uint8Array | ArrayBuffer>>;
  /** How much memory the tensors in `files` may take; 2^30 by default. */
  maxBytes?: number;
}

/**
 * Reads an ONNX file.
 *
 * @throws TypeError, RangeError that name the argument; FormatError, which names the place, when the file is damaged,
 *   keeps its weights in a file that was not given or needs a node that is not supported
 */
export function load(
  bytes: Uint8Array | ArrayBuffer,
  options: OnnxOptions = {},
): { model: OnnxModel; report: Report } {
  const { backend, forceLinearBeforeReset, files, maxBytes } = record(
    options,
    "options",
    { backend: 0, forceLinearBeforeReset: 0, files: 0, maxBytes: 0 },
  );
  const compiled = compile(toBytes(bytes), {
    backend: checkBackend(backend),
    forceLinearBeforeReset: boolean(
      forceLinearBeforeReset ?? false,
      "forceLinearBeforeReset",
    ),
    files: new ExternalFiles(files, maxBytes),
  });
  return { model: new OnnxModel(compiled), report: compiled.report };
}

/**
 * Reads what OnnxModel.save wrote, with a report as of any other file.
 *
 * @throws as `load`
 */
export function loadSaved(
  bytes: Uint8Array | ArrayBuffer,
  options: Pick<OnnxOptions, "backend"> = {},
): { model: OnnxModel; report: Report } {
  const { backend } = record(options, "options");
  const compiled = readSaved(bytes, checkBackend(backend));
  const report = makeReport({ ...compiled.report, format: "safetensors" });
  return { model: new OnnxModel(compiled), report };
}
