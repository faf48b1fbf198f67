/** `gatewise convert FILE OUT`: a model in another format. @module */
import { extname } from "node:path";
import { toNam } from "../../formats/nam/index.js";
import { toRTNeural } from "../../formats/rtneural/index.js";
import { quantize } from "../../quantize/index.js";
import { about, UsageError } from "../errors.js";
import { type Loaded, loadModel } from "../model.js";
import { runnerOf } from "../run/runners.js";
import { writeOutput } from "../../data/output.js";
import type { CommonOptions } from "./options.js";

/** The formats that models can be written in, by file extension. */
const WRITERS = {
  safetensors: ({ model }: Loaded) => model.save(),
  onnx: ({ runner }: Loaded) => runner.toOnnx(),
  nam: ({ runner, sampleRate }: Loaded, file: string) =>
    toNam(
      runner.chain(file),
      sampleRate === null ? {} : { sample_rate: sampleRate },
    ),
  // RTNeural's
  json: ({ runner }: Loaded, file: string) => toRTNeural(runner.chain(file)),
} as const;

export const PRECISIONS = ["int8", "int8-fast"] as const;

/** Those that keep integers; the others would have their values as text, as long as before. */
const INTEGERS: readonly string[] = ["safetensors", "onnx"];

export const FORMATS = Object.keys(WRITERS) as Format[];
type Format = keyof typeof WRITERS;

export interface ConvertOptions extends CommonOptions {
  readonly to?: Format;
  readonly precision?: (typeof PRECISIONS)[number];
  readonly quiet?: boolean;
}

export async function convert(
  file: string,
  out: string,
  { to, precision, json, quiet, ...reading }: ConvertOptions,
): Promise<void> {
  const ending = to ?? extname(out).slice(1).toLowerCase();
  const format = FORMATS.find((name) => name === ending);
  if (!format) {
    const endings = FORMATS.map((name) => `.${name}`).join(" or ");
    throw new UsageError(
      `${out}: expected a name that ends with ${endings}, or --to`,
    );
  }
  if (precision && !INTEGERS.includes(format))
    throw new UsageError(
      `--precision: expected a format that has integers, ${INTEGERS.join(" or ")}, got ${format}`,
    );
  const found = await loadModel(file, reading);
  const loaded = precision ? quantized(found, precision) : found;
  const bytes = await about(file, () => WRITERS[format](loaded, file));
  await about(out, () => writeOutput(out, bytes));
  if (quiet) return;
  const summary = { file, out, format, bytes: bytes.length };
  if (json && out !== "-")
    process.stdout.write(
      `${JSON.stringify({ ...summary, report: loaded.report })}\n`,
    );
  else process.stderr.write(`${out}: ${bytes.length} bytes of ${format}\n`);
}

function quantized(
  loaded: Loaded,
  precision: (typeof PRECISIONS)[number],
): Loaded {
  const { model } = quantize(loaded.model, { precision });
  return { ...loaded, model, runner: runnerOf(model) };
}
