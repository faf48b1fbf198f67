/** `gatewise score MODEL INPUT OUT --redis URL`: runs rows on the workers of a queue. @module */
import { withoutPassword } from "../../queue/address.js";
import { kindOf, KINDS, type FileKind } from "../../queue/sources.js";
import { scoreFile } from "../../queue/score-file.js";
import { textOf, UsageError } from "../errors.js";
import { loadModel } from "../model.js";
import { startProgress } from "../progress.js";
import type { CommonOptions } from "./options.js";

export interface ScoreCommandOptions extends CommonOptions {
  readonly redis: string;
  readonly queue: string;
  readonly rows: number;
  readonly patience: number;
  readonly from?: string;
  readonly to?: string;
  readonly quiet?: boolean;
}

export async function score(
  file: string,
  input: string,
  out: string,
  options: ScoreCommandOptions,
): Promise<void> {
  if (file === "-" && input === "-")
    throw new UsageError("-: expected one of MODEL and INPUT, got both");
  const from = formOf(input, options.from, "--from");
  const to = formOf(out, options.to, "--to");
  const { model } = await loadModel(file, { ...options, backend: "simd" });
  const { redis: url, queue: name, patience, quiet = false } = options;
  const progress = startProgress("score", 100, quiet);
  try {
    const { rows } = await scoreFile(input, out, {
      queue: { url, name, patience: 1000 * patience },
      model,
      rows: options.rows,
      from,
      to,
      onProgress: (done, total) =>
        total && progress.update((100 * done) / total),
      onIdle: () => process.stderr.write(`gatewise: ${noWorker(url, name)}\n`),
    });
    progress.stop();
    const text = JSON.stringify({ file, input, out, rows });
    if (options.json && out !== "-") process.stdout.write(`${text}\n`);
    else if (!quiet && out !== "-")
      process.stderr.write(`${out}: ${rows} rows\n`);
  } finally {
    progress.stop();
  }
}

function noWorker(url: string, name: string): string {
  const address = withoutPassword(url);
  const more = name === "gatewise" ? "" : ` --queue ${name}`;
  return `${address}: waiting for a worker, start one with: gatewise work ${address}${more}`;
}

function formOf(
  path: string,
  given: string | undefined,
  option: string,
): FileKind {
  const kind = KINDS.find((each) => each === given);
  if (kind) return kind;
  if (path === "-") return "jsonl";
  try {
    return kindOf(path);
  } catch (error) {
    throw new UsageError(`${textOf(error)}, or ${option}`);
  }
}
