import type { Precision } from "../layers/options.js";

/** How far numbers are from those of the float32 model. */
export interface Deviation {
  /** The largest difference. */
  readonly max: number;
  /** The root of the mean square of the differences. */
  readonly rms: number;
  /** rms beside that of the float32 model's numbers. */
  readonly relative: number;
}

/** What became of a layer, or of a node of a Graph. */
export interface LayerReport {
  /** As `keep` takes it: its place in a Sequential, "0"; a node's name. */
  readonly name: string;
  /** As it prints itself: "LSTM(1 → 32, int8)"; of a node with its operation: "Conv: Linear(387 → 128, int8)". */
  readonly layer: string;
  readonly precision: Precision;
  /** Bytes of its weights in a file. */
  readonly bytes: { readonly before: number; readonly after: number };
  /**
   * Of its own outputs, the others being float32; null without data to calibrate on, where it is float32, and for a node
   * that never ran.
   */
  readonly error: Deviation | null;
  /** Of the model's outputs if this layer alone were quantized: what it costs to leave it so; null likewise. */
  readonly sensitivity: Deviation | null;
}

/** Milliseconds of one pass over the first of the data to calibrate on, the best of some, on this machine. */
export interface Timing {
  readonly float32: number;
  readonly quantized: number;
}

/** What `quantize` did, and what it costs. */
export interface QuantizeReport {
  readonly precision: Precision;
  readonly layers: readonly LayerReport[];
  /** Of the model's outputs; null without data. */
  readonly output: Deviation | null;
  /** Of all weights in a file. */
  readonly bytes: { readonly before: number; readonly after: number };
  /** null without data. */
  readonly time: Timing | null;
  /** Those that make most of the output's error with little of the work: better left in float32, by `keep`. */
  readonly suggestKeep: readonly string[];
  /** A table. */
  toString(): string;
}

const percent = (deviation: Deviation | null): string =>
  deviation ? `${(deviation.relative * 100).toPrecision(2)} %` : "·";

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

/** What a report is made of. */
interface Found extends Omit<QuantizeReport, "suggestKeep" | "toString"> {
  /** How many multiplications a layer takes, in proportion to others. */
  readonly work: (layer: LayerReport) => number;
}

export function reportOf({ work, ...found }: Found): QuantizeReport {
  const report = { ...found, suggestKeep: toKeep(found.layers, work) };
  return { ...report, toString: () => reportText(report) };
}

/** What makes more than so much of the output's squared error … */
const ERROR_SHARE = 0.5;
/** … with less than so much of the work is better left as it is. */
const WORK_SHARE = 0.25;

/** The fewest layers, most sensitive first, that make most of the error, as long as they are little of the work. */
function toKeep(
  layers: readonly LayerReport[],
  work: (layer: LayerReport) => number,
): string[] {
  const square = ({ sensitivity }: LayerReport) => (sensitivity?.rms ?? 0) ** 2;
  const all = layers.filter(({ sensitivity }) => sensitivity);
  const total = all.reduce((sum, layer) => sum + square(layer), 0);
  const totalWork = all.reduce((sum, layer) => sum + work(layer), 0);
  const kept: string[] = [];
  let error = 0;
  let done = 0;
  for (const layer of all.sort((a, b) => square(b) - square(a))) {
    if (!(error <= ERROR_SHARE * total) || total === 0) break;
    error += square(layer);
    done += work(layer);
    kept.push(layer.name);
  }
  return done < WORK_SHARE * totalWork && kept.length < all.length ? kept : [];
}

/** The report as lines of text. */
function reportText(report: Omit<QuantizeReport, "toString">): string {
  const { layers, output, bytes, time, suggestKeep } = report;
  const rows = [
    ["", "layer", "file", "own error", "error at the output"],
    ...layers.map(({ name, layer, bytes: own, error, sensitivity }) => [
      name,
      layer,
      `${kilobytes(own.before)} → ${kilobytes(own.after)}`,
      percent(error),
      percent(sensitivity),
    ]),
    [
      "",
      "all",
      `${kilobytes(bytes.before)} → ${kilobytes(bytes.after)}`,
      "",
      percent(output),
    ],
  ];
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
  if (time) {
    const faster = (time.float32 / time.quantized).toFixed(2);
    lines.push(
      `${time.float32.toFixed(3)} ms → ${time.quantized.toFixed(3)} ms a pass: ${faster} times as fast`,
    );
  }
  if (suggestKeep.length)
    lines.push(`better left in float32: keep: ${JSON.stringify(suggestKeep)}`);
  return lines.join("\n");
}
