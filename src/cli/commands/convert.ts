/** `gatewise convert FILE OUT`: a model in another format. @module */
import { extname } from "node:path";
import { about, UsageError } from "../errors.js";
import { loadModel } from "../model.js";
import { writeOutput } from "../output.js";
import type { CommonOptions } from "./options.js";

export interface ConvertOptions extends CommonOptions {
  readonly to?: "safetensors" | "onnx";
  readonly quiet?: boolean;
}

export async function convert(
  file: string,
  out: string,
  { to, json, quiet, backend }: ConvertOptions,
): Promise<void> {
  const kind = to ?? extname(out).slice(1).toLowerCase();
  if (kind !== "safetensors" && kind !== "onnx")
    throw new UsageError(
      `${out}: expected a name that ends with .safetensors or .onnx, or --to`,
    );
  const { model, report } = await loadModel(file, backend);
  const bytes = await about(file, () => model.save());
  await about(out, () => writeOutput(out, bytes));
  const summary = { file, out, format: kind, bytes: bytes.length };
  if (quiet) return;
  if (json && out !== "-")
    process.stdout.write(`${JSON.stringify({ ...summary, report })}\n`);
  else process.stderr.write(`${out}: ${bytes.length} bytes of ${kind}\n`);
}
