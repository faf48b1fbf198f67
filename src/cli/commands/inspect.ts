/** `gatewise inspect FILE…`: what the files hold. @module */
import { reportText } from "../../formats/report.js";
import { findModel } from "../model.js";
import { openOutput } from "../output.js";
import type { CommonOptions } from "./options.js";

export async function inspect(
  files: readonly string[],
  { json, ...reading }: CommonOptions,
): Promise<void> {
  const output = openOutput("-");
  for (const [index, file] of files.entries()) {
    const { report, sampleRate, cases } = await findModel(file, reading);
    if (json) {
      const line = { file, ...report, sampleRate, cases: cases.length };
      await output.write(`${JSON.stringify(line)}\n`);
      continue;
    }
    const rate = sampleRate === null ? [] : [`sample rate: ${sampleRate} Hz`];
    const own = cases.length ? ["carries samples to verify it with"] : [];
    const head = files.length > 1 ? [`${file}:`] : [];
    const lines = [...head, reportText(report), ...rate, ...own];
    await output.write(`${index ? "\n" : ""}${lines.join("\n")}\n`);
  }
}
