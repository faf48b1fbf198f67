/*
 * Files that the user gives → a model with its report, or a refusal with what was read.
 */
import type { Layer, Sequential } from "gatewise";
import type { Graph, Loaded, Report } from "gatewise/load";

export type Model = Sequential | Graph;

export interface Opened extends Loaded {
  readonly name: string;
  readonly size: number;
  /** Milliseconds of `load`. */
  readonly took: number;
}

export interface Refused {
  readonly name: string;
  readonly message: string;
  readonly report: Report | undefined;
  readonly layers: Readonly<Record<string, Layer>> | undefined;
}

export const isChain = (model: Model): model is Sequential => "layers" in model;

/** @param options of `load`, as JSON; "" for none */
export async function openFiles(
  files: readonly { name: string; bytes: Uint8Array }[],
  options: string,
): Promise<Opened | Refused> {
  const [first] = files;
  const name = files.map((file) => file.name).join(", ");
  const { load } = await import("gatewise/load");
  try {
    const given = options.trim() ? JSON.parse(options) : {};
    const started = performance.now();
    const loaded =
      files.length === 1
        ? load(first?.bytes as Uint8Array, given)
        : load(
            Object.fromEntries(files.map((file) => [file.name, file.bytes])),
            given,
          );
    const took = performance.now() - started;
    const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return { ...loaded, name, size, took };
  } catch (error) {
    const { message, report, layers } = error as Error & Partial<Refused>;
    return { name, message, report, layers };
  }
}
