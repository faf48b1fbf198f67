import { toBytes } from "../../bytes.js";
import { record, wrong } from "../../checks.js";
import { FormatError } from "../../errors.js";

/** The files of a model by name. */
export class Files {
  readonly #files = new Map<string, Uint8Array>();
  /** The total size in bytes. */
  readonly size: number;

  /** @throws TypeError unless it is an object of bytes by name */
  constructor(files: unknown) {
    for (const [name, bytes] of Object.entries(record(files, "files")))
      this.#files.set(name, toBytes(bytes, `files[${JSON.stringify(name)}]`));
    let size = 0;
    for (const { length } of this.#files.values()) size += length;
    this.size = size;
  }

  /** model.json, or the only JSON file. */
  get model(): [name: string, bytes: Uint8Array] {
    const named = [...this.#files].filter(([name]) => name.endsWith(".json"));
    const found =
      named.find(([name]) => baseOf(name) === "model.json") ??
      (named.length === 1 ? named[0] : undefined);
    if (found) return found;
    const names = [...this.#files.keys()].slice(0, 5);
    throw wrong(true, "files", "model.json among them", names.join(", "));
  }

  /** The file that a manifest names, by its path or else by its base name. */
  find(path: string, at: string): Uint8Array {
    const found =
      this.#files.get(path) ??
      [...this.#files].find(([name]) => baseOf(name) === baseOf(path))?.[1];
    if (found) return found;
    throw new FormatError(
      `expected ${JSON.stringify(path.slice(0, 200))} among the files, got ${[...this.#files.keys()].slice(0, 5).join(", ")}`,
      at,
    );
  }
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
