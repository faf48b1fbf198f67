/*
 * The kinds of input and output files, by extension.
 */
import { extname } from "node:path";
import { UsageError } from "../errors.js";

export const KINDS = ["npy", "npz", "csv", "jsonl", "wav"] as const;
export type Kind = (typeof KINDS)[number];

const ENDINGS: ReadonlyMap<string, Kind> = new Map([
  [".npy", "npy"],
  [".npz", "npz"],
  [".csv", "csv"],
  [".jsonl", "jsonl"],
  [".ndjson", "jsonl"],
  [".wav", "wav"],
]);

/** Kinds that are text, line by line. */
export const isLines = (kind: Kind): kind is "csv" | "jsonl" =>
  kind === "csv" || kind === "jsonl";

/**
 * @param given by an option
 * @param otherwise for standard streams, which have no extension
 * @throws UsageError for an unknown extension
 */
export function kindOf(
  path: string,
  given: Kind | undefined,
  otherwise: Kind,
  option: string,
): Kind {
  if (given) return given;
  const ending = extname(path).toLowerCase();
  const kind = ENDINGS.get(ending);
  if (kind) return kind;
  if (path === "-" || path.startsWith("/dev/")) return otherwise;
  const known = [...ENDINGS.keys()].join(", ");
  throw new UsageError(
    `${path}: expected a name that ends with ${known}, or ${option}`,
  );
}
