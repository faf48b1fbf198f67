import { boolean, record, wrong } from "../../checks.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import { budgetFor } from "../budget.js";

/** Options for reading Keras files. */
export interface KerasOptions {
  /** The string from model.to_json(), for a file that has only weights. */
  config?: string;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
  /** The maximum number of bytes for weights; by default 16 times the size of the file and at least 64 MiB. */
  maxBytes?: number;
  /** false: also reads entries of a .keras file whose checksum is wrong. true by default. */
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
    throw wrong(false, "config", "the string from model.to_json()", config);
  return {
    config,
    backend: checkBackend(backend),
    checksums: boolean(checksums, "checksums"),
    budget: budgetFor(maxBytes, fileSize),
  };
}
