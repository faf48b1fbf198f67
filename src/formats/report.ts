/*
 * What a reader reports about a file: plain data that JSON.stringify can write.
 */
import { FormatError } from "../errors.js";
import type { Layer } from "../index.js";
import { oneLine } from "../one-line.js";

/** What was found in a file, and what was made of it. `toString` formats it as text. */
export interface Report {
  /** The format: "torch", "onnx", "guitarml". */
  readonly format: string;
  /** The program that wrote the file; null if the file does not say. */
  readonly producer: string | null;
  /** The version of the format; null if the file does not say. */
  readonly version: string | null;
  /** In the file's order. */
  readonly layers: readonly ReportLayer[];
  /** What was stored in another form and how it was converted, one line each. */
  readonly converted: readonly string[];
  /** What the model does not use, one line each. */
  readonly ignored: readonly string[];
  /** What the file does not say and the reader assumed, one line each. */
  readonly assumptions: readonly string[];
  /** What may not be as intended, and what to do about it, one line each. */
  readonly warnings: readonly string[];
}

/** A layer as described in the file. */
export interface ReportLayer {
  /** Its name in the file; "" if it has none. */
  readonly name: string;
  /** Its type in the format's own words: "LSTM", "Dense", "Gemm". */
  readonly type: string;
  /** Its sizes under the format's own names, in its order. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Gate order, variant and whatever else differs between frameworks. */
  readonly convention: string;
}

// declared here because errors.ts may not import layers or reports
declare module "../errors.js" {
  interface FormatError {
    /** What was found in a file that no model could be made of. */
    readonly report?: Report;
    /** The layers of such a file by name, if it has any. */
    readonly layers?: Readonly<Record<string, Layer>>;
  }
}

/** The error for a file that was read but makes no model, with what was found in it. */
export function refusal(
  message: string,
  place: string,
  found: { report: Report; layers: Readonly<Record<string, Layer>> },
): FormatError {
  const { report, layers } = found;
  // not enumerable, because consoles show all enumerable properties of an error
  return Object.defineProperties(new FormatError(message, place), {
    report: { value: report },
    layers: { value: layers },
  });
}

/** A report; readers that assume nothing may leave `assumptions` out. */
type ReportFields = Omit<Report, "assumptions"> &
  Partial<Pick<Report, "assumptions">>;

/** The report, with `reportText` as its toString. */
export function makeReport(fields: ReportFields): Report {
  const report: Report = { assumptions: [], ...fields };
  return Object.defineProperty(report, "toString", {
    // not enumerable, so that a report remains plain data for JSON, comparisons and postMessage
    value: function (this: Report) {
      return reportText(this);
    },
  });
}

const LISTS = ["converted", "ignored", "assumptions", "warnings"] as const;

/** The report as text: the format, one line per layer, then a list under each heading that has entries. */
export function reportText(report: Report): string {
  const { format, producer, version, layers } = report;
  const by = producer === null ? "" : ` by ${producer}`;
  const of = version === null ? "" : `, version ${version}`;
  const lines = [`${format}${by}${of}`];
  for (const { name, type, sizes, convention } of layers) {
    const numbers = Object.entries(sizes).map(([key, n]) => `${key} ${n}`);
    const what = [type, ...numbers].join(", ");
    lines.push(`  ${name || "(unnamed)"}: ${what}; ${convention}`);
  }
  for (const heading of LISTS) {
    if (report[heading].length) lines.push(`${heading}:`);
    for (const line of report[heading]) lines.push(`  ${line}`);
  }
  return lines.map(oneLine).join("\n");
}
