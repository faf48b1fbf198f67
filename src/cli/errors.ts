/*
 * How the program ends. Every error is one line on standard error: `gatewise: FILE: what and where`.
 */
import { reasonOf } from "../errors.js";

export const OK = 0;
/** A failed verification, a file that cannot be read or written, numbers that do not fit the model. */
export const FAILED = 1;
/** Invalid arguments. */
export const USAGE = 2;

/** Arguments that do not fit each other, or the model. */
export class UsageError extends Error {}

/** A failure that has been reported already. */
export class Failed extends Error {}

/** An error and the file that it is about. */
export class FileError extends Error {
  constructor(file: string, cause: unknown) {
    const name = file === "-" ? "standard input" : file;
    super(`${name}: ${textOf(cause)}`, { cause });
  }
}

/** Runs `work`, and adds the name of the file to errors that it throws. */
export async function about<T>(
  file: string,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FileError || error instanceof UsageError) throw error;
    throw new FileError(file, error);
  }
}

const SYSTEM: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "no such file or folder"],
  ["EISDIR", "a folder, expected a file"],
  ["EACCES", "permission denied"],
  ["ENOTDIR", "a part of the path is not a folder"],
  ["ENOSPC", "no space left on the device"],
  ["ERR_FS_FILE_TOO_LARGE", "larger than 2 GiB"],
]);

/** An error's message on one line, without control characters, which may come from a file. */
export function textOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const message = reasonOf(error);
  const text = SYSTEM.get(code) ?? message;
  return text.replace(/\s+/g, " ").replace(/\p{Cc}/gu, "\u{FFFD}");
}
