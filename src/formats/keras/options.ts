import { boolean, record, wrong } from "../../checks.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import { budgetFor } from "../budget.js";

/** What a Keras file does not say, and limits. */
export interface KerasOptions {
  /** What model.to_json() gives, for a file that has weights only. */
  config?: string;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
  /** The most bytes that weights may take; 16 times the file and at least 64 MiB by default. */
  maxBytes?: number;
  /** false: read a .keras file's entries whose checksum is wrong. */
  checksums?: boolean;
}

const OPTIONS: Record<keyof KerasOptions, 0> = {
  config: 0,
  backend: 0,
  maxBytes: 0,
  checksums: 0,
};

export function checkOptions(options: unknown, fileSize: number) {
  const given = record(options, "options", OPTIONS);
  const { config, backend, maxBytes, checksums = true } = given;
  if (config !== undefined && typeof config !== "string")
    throw wrong(
      false,
      "config",
      "a string, what model.to_json() gives",
      config,
    );
  return {
    config,
    backend: checkBackend(backend),
    checksums: boolean(checksums, "checksums"),
    budget: budgetFor(maxBytes, fileSize),
  };
}
