import { toBytes } from "../../bytes.js";
import { message, wrong } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Files } from "./readers.js";
import { type Recognised, recognise } from "./recognise.js";

/** The one model among the files; the others are its weights. */
export function modelAmong(
  files: Files,
): { readonly bytes: Uint8Array } & Recognised {
  const models: ({ name: string; bytes: Uint8Array } & Recognised)[] = [];
  const refused: string[] = [];
  for (const [name, file] of Object.entries(files)) {
    const place = JSON.stringify(name.slice(0, 100));
    const bytes = toBytes(file, `files[${place}]`);
    try {
      models.push({ name, bytes, ...recognise(bytes) });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      refused.push(`${place}: ${error.message}`);
    }
  }
  const [first, second] = models;
  if (second) {
    const got = models.map(({ name, format }) => `${name} (${format})`);
    const some = got.slice(0, 4).join(", ");
    throw new RangeError(message("files", "one model and its weights", some));
  }
  if (first) return first;
  if (refused.length) throw new FormatError(refused.slice(0, 4).join("; "));
  throw wrong(true, "files", "at least one file", files);
}
