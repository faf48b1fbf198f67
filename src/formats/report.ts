/*
 * What a reader says about a file. Plain data, so that JSON.stringify gives all of it.
 */
import { FormatError } from "../errors.js";
import type { Layer } from "../index.js";
import { oneLine } from "../one-line.js";

/** What was found in a file, and what became of it. `toString` gives it as text. */
export interface Report {
  /** A word for the format: "torch", "onnx", "guitarml". */
  readonly format: string;
  /** The program that wrote the file, null when the file does not say. */
  readonly producer: string | null;
  /** Of the format, as the file states it; null when it does not. */
  readonly version: string | null;
  /** In the order in which the file has them. */
  readonly layers: readonly ReportLayer[];
  /** What was stored in another way than it is now, and how it was changed: a line each. */
  readonly converted: readonly string[];
  /** What the file holds that the model has no use for: a line each. */
  readonly ignored: readonly string[];
  /** What the file does not say and the model takes for granted: a line each. */
  readonly assumptions: readonly string[];
  /** What may be other than it was meant to be, and what to do then: a line each. */
  readonly warnings: readonly string[];
}

/** A layer as the file has it. */
export interface ReportLayer {
  /** Its name in the file; "" when it has none. */
  readonly name: string;
  /** As the format calls it: "LSTM", "Dense", "Gemm". */
  readonly type: string;
  /** By the names that the format has for them, in its order. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Gate order, variant and whatever else differs between frameworks. */
  readonly convention: string;
}

// Here and not in errors.ts, which stands below layers and reports and knows neither.
declare module "../errors.js" {
  interface FormatError {
    /** What was found in a file of which no model could be made. */
    readonly report?: Report;
    /** The layers of such a file by their names, where it has some. */
    readonly layers?: Readonly<Record<string, Layer>>;
  }
}

/** The error for a file that was read, but is no model: what was found goes with it. */
export function refusal(
  message: string,
  place: string,
  found: { report: Report; layers: Readonly<Record<string, Layer>> },
): FormatError {
  const { report, layers } = found;
  // not enumerable: consoles show an error with all that is
  return Object.defineProperties(new FormatError(message, place), {
    report: { value: report },
    layers: { value: layers },
  });
}

/** A report of which a reader that assumes nothing leaves `assumptions` out. */
type ReportFields = Omit<Report, "assumptions"> &
  Partial<Pick<Report, "assumptions">>;

/** The report as a value whose toString is `reportText`. */
export function makeReport(fields: ReportFields): Report {
  const report: Report = { assumptions: [], ...fields };
  return Object.defineProperty(report, "toString", {
    // not enumerable: a report stays plain data for JSON, for comparisons and for postMessage
    value: function (this: Report) {
      return reportText(this);
    },
  });
}

const LISTS = ["converted", "ignored", "assumptions", "warnings"] as const;

/** The report for people: a line of what it is, a line a layer, then a list under each heading that has one. */
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
