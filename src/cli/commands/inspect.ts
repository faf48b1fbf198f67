/** `gatewise inspect FILE…`: what the files contain. @module */
import { type Report, reportText } from "../../formats/report.js";
import { FormatError } from "../../index.js";
import { Failed, FileError, textOf, UsageError } from "../errors.js";
import { loadModel } from "../model.js";
import { openOutput } from "../../data/output.js";
import type { CommonOptions } from "./options.js";

/** @throws Failed if one of several files could not be read, after showing the others */
export async function inspect(
  files: readonly string[],
  { json, ...reading }: CommonOptions,
): Promise<void> {
  const output = await openOutput("-");
  let shown = 0;
  for (const file of files) {
    const found = await loadModel(file, reading).catch((error: unknown) => {
      const report = foundBefore(error);
      if (report) return { model: null, report, sampleRate: null, cases: [] };
      if (files.length === 1 || error instanceof UsageError) throw error;
      process.stderr.write(`gatewise: ${textOf(error)}\n`);
    });
    if (!found) continue;
    const { model, report, sampleRate, cases } = found;
    const between = shown++ ? "\n" : "";
    if (json) {
      const ports = model && { inputs: model.inputs, outputs: model.outputs };
      const rest = { sampleRate, cases: cases.length };
      const line = { file, ...report, ...ports, ...rest };
      await output.write(`${JSON.stringify(line)}\n`);
      continue;
    }
    const rate = sampleRate === null ? [] : [`sample rate: ${sampleRate} Hz`];
    const own = cases.length ? ["has samples to verify it with"] : [];
    const head = files.length > 1 ? [`${file}:`] : [];
    const summary = model ? [`${model}`] : [];
    const lines = [...head, ...summary, reportText(report), ...rate, ...own];
    await output.write(`${between}${lines.join("\n")}\n`);
  }
  if (shown < files.length) throw new Failed();
}

/** The report of a file whose layers make no model; its last warning says why. */
function foundBefore(error: unknown): Report | undefined {
  const cause = error instanceof FileError ? error.cause : null;
  return cause instanceof FormatError ? cause.report : undefined;
}
