/** `gatewise convert FILE OUT`: a model in another format. @module */
import { extname } from "node:path";
import { about, UsageError } from "../errors.js";
import { type Loaded, loadModel } from "../model.js";
import { writeOutput } from "../../data/output.js";
import type { CommonOptions } from "./options.js";

/** What models are written as, by the endings of names. */
const WRITERS = {
  safetensors: ({ model }: Loaded) => model.save(),
  onnx: ({ runner }: Loaded) => runner.toOnnx(),
} as const;

export const FORMATS = Object.keys(WRITERS) as Format[];
type Format = keyof typeof WRITERS;

export interface ConvertOptions extends CommonOptions {
  readonly to?: Format;
  readonly quiet?: boolean;
}

export async function convert(
  file: string,
  out: string,
  { to, json, quiet, ...reading }: ConvertOptions,
): Promise<void> {
  const ending = to ?? extname(out).slice(1).toLowerCase();
  const format = FORMATS.find((name) => name === ending);
  if (!format) {
    const endings = FORMATS.map((name) => `.${name}`).join(" or ");
    throw new UsageError(
      `${out}: expected a name that ends with ${endings}, or --to`,
    );
  }
  const loaded = await loadModel(file, reading);
  const bytes = await about(file, () => WRITERS[format](loaded));
  await about(out, () => writeOutput(out, bytes));
  if (quiet) return;
  const summary = { file, out, format, bytes: bytes.length };
  if (json && out !== "-")
    process.stdout.write(
      `${JSON.stringify({ ...summary, report: loaded.report })}\n`,
    );
  else process.stderr.write(`${out}: ${bytes.length} bytes of ${format}\n`);
}
