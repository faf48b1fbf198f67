/*
 * The model in a file, for all commands.
 */
import { readFile, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { AudioCase } from "../formats/audio.js";
import { type Files, type Graph, load } from "../formats/load/index.js";
import { recogniseProtobuf } from "../formats/load/protobuf.js";
import { locationsIn } from "../formats/onnx/external.js";
import type { Report } from "../formats/report.js";
import { type Backend, FormatError, init, type Sequential } from "../index.js";
import { about, textOf, UsageError } from "./errors.js";
import { readInput } from "./input.js";
import { type GivenOptions, toLoadOptions } from "./load-options.js";
import type { Runner } from "./run/runner.js";
import { runnerOf } from "./run/runners.js";

/** A loaded model. */
export interface Loaded {
  readonly model: Sequential | Graph;
  /** Runs it for the commands. */
  readonly runner: Runner;
  readonly report: Report;
  /** In hertz, for audio models that state it. */
  readonly sampleRate: number | null;
  readonly cases: readonly AudioCase[];
  /** The file. */
  readonly bytes: Uint8Array;
}

/** Options for reading a model. */
export interface Reading {
  readonly backend: Backend | "auto";
  /** Options for the reader of its format. */
  readonly option?: GivenOptions;
}

/**
 * The model of a file. Warnings of its reader go to standard error, for all commands.
 *
 * @throws FileError naming the file and the place in it; UsageError naming the file, for options that do not fit it
 */
export async function loadModel(
  file: string,
  { backend, option = new Map() }: Reading,
): Promise<Loaded> {
  // for all layers, whatever backend they were saved with
  await init({ backend });
  const options = await toLoadOptions(option);
  return about(file, async () => {
    const bytes = await readInput(file);
    const weights = await weightFiles(file, bytes);
    const { model, report, sampleRate, cases } = withOptions(file, option, () =>
      load(weights ? { ...weights, [file]: bytes } : bytes, options),
    );
    for (const warning of report.warnings)
      process.stderr.write(`${file}: warning: ${textOf(warning)}\n`);
    return {
      model,
      runner: runnerOf(model),
      report,
      sampleRate: sampleRate ?? null,
      cases: cases ?? [],
      bytes,
    };
  });
}

/** Turns a TypeError or RangeError of a reader, which is about its options, into a UsageError. */
function withOptions<T>(file: string, option: GivenOptions, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const refused = error instanceof TypeError || error instanceof RangeError;
    if (!refused || !option.size) throw error;
    throw new UsageError(`${file}: ${textOf(error)}`);
  }
}

/** The files that a TensorFlow.js model.json or an ONNX model names, from its own folder; null if it names none. */
async function weightFiles(
  file: string,
  bytes: Uint8Array,
): Promise<Files | null> {
  const manifest = pathsIn(bytes);
  const what = manifest ? "weightsManifest" : "external data";
  const paths = manifest ?? externalIn(bytes);
  if (!paths) return null;
  const roots = await foldersOf(file);
  const entries = paths.map(async (path) => {
    const place = join(dirname(file), path);
    // a model may only name files in its own folder, not any file on this computer
    const beside = !/^([/\\]|\w:)|(^|[/\\])\.\.([/\\]|$)/.test(path);
    if (beside) {
      const real = await about(place, () => realpath(place));
      if (roots.some((root) => real.startsWith(root)))
        return [path, await about(place, () => readFile(real))] as const;
    }
    throw new FormatError(
      `${what}: expected files beside the model, got ${JSON.stringify(path)}`,
    );
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The folder of the model and, if it is a link as in a download cache, that of the file it points to. */
async function foldersOf(file: string): Promise<string[]> {
  const folders = [await realpath(dirname(file))];
  if (file !== "-") folders.push(dirname(await realpath(file)));
  return folders.map((folder) =>
    folder.endsWith(sep) ? folder : folder + sep,
  );
}

function pathsIn(bytes: Uint8Array): string[] | null {
  // searched before it is parsed, because models of other formats are large
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!text.includes('"weightsManifest"')) return null;
  try {
    const { weightsManifest } = JSON.parse(text.toString());
    const groups = weightsManifest as { paths: string[] }[];
    const paths = groups.flatMap((group) => group.paths);
    return paths.every((path) => typeof path === "string") ? paths : null;
  } catch {
    // the reader will report what is wrong
    return null;
  }
}

function externalIn(bytes: Uint8Array): string[] | null {
  try {
    const paths = recogniseProtobuf(bytes) === "onnx" ? locationsIn(bytes) : [];
    return paths.length ? paths : null;
  } catch (error) {
    // the reader will report what is wrong
    if (error instanceof FormatError) return null;
    throw error;
  }
}
