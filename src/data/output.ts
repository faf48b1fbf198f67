/// <reference types="node" />
/*
 * Output to a file, which appears complete or not at all, or to standard output.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  open,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const openFile = promisify(open);
const writeFile = promisify(write);

export interface Output {
  write(data: string | Uint8Array): Promise<void>;
  /** Completes the output; only now does the file appear under its name. */
  commit(): void;
  /** Discards the output and leaves an existing file as it was. Does nothing after `commit`. */
  abort(): void;
}

/** @param path `-`: standard output */
export async function openOutput(path: string): Promise<Output> {
  if (path === "-") return standardOutput();
  const existing = statSync(path, { throwIfNoEntry: false });
  // a pipe or a device cannot be replaced
  if (existing && !existing.isFile())
    return new Pipe(await openFile(path, "w"));
  // checked here because a rename would succeed anyway
  if (existing && !isWritable(path, existing.mode))
    throw new Error("read-only, expected a file that may be written");
  return new Replacing(targetOf(path), existing?.mode);
}

/** Whether the system lets us write and the mode lets anybody: root may write whatever the mode. */
function isWritable(path: string, mode: number): boolean {
  try {
    accessSync(path, constants.W_OK);
    return (mode & 0o222) !== 0;
  } catch {
    return false;
  }
}

/** The limit that operating systems have, too. */
const MAX_LINKS = 40;

/** The file that a link points to, whether or not it exists. */
function targetOf(path: string): string {
  let target = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (!found?.isSymbolicLink()) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  throw new Error("a link to itself, expected a file");
}

/**
 * Throws what `openOutput` would, where it can be known before there is anything to write. A pipe is not opened: that
 * waits for its reader.
 */
export async function checkOutput(path: string): Promise<void> {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (!existing || existing.isFile() || existing.isDirectory())
    (await openOutput(path)).abort();
}

/** Opens, writes, commits. */
export async function writeOutput(
  path: string,
  data: string | Uint8Array,
): Promise<void> {
  const output = await openOutput(path);
  try {
    await output.write(data);
    output.commit();
  } finally {
    output.abort();
  }
}

/**
 * A pipe or a device. Its reader may not be there yet, or be slow: waiting for it must not hold the thread, which signals
 * could not end then.
 */
class Pipe implements Output {
  readonly #file: number;
  #open = true;

  constructor(file: number) {
    this.#file = file;
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length;)
      at += (await writeFile(this.#file, bytes, at)).bytesWritten;
  }

  commit(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  abort(): void {
    this.commit();
  }
}

/** Files that are being written, to be discarded if the program ends early. */
const unfinished = new Set<Replacing>();

/** Writes under another name in the same folder, and then replaces the file in one step by a rename. */
class Replacing implements Output {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: number;
  #open = true;

  constructor(path: string, mode = 0o666) {
    const random = randomBytes(6).toString("hex");
    this.#path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${random}.tmp`);
    this.#file = openSync(this.#temporary, "wx", mode);
    unfinished.add(this);
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }

  commit(): void {
    // the data first: otherwise the rename might be on the disk before it
    fsyncSync(this.#file);
    this.#close();
    renameSync(this.#temporary, this.#path);
    unfinished.delete(this);
    syncFolder(dirname(this.#path));
  }

  abort(): void {
    if (!unfinished.delete(this)) return;
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}

/** Makes the rename survive a power failure. Systems that do not support this for folders throw, and do not need it. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // the file itself has been written
  }
}

/** To be called before the program ends early. */
export function abortUnfinished(): void {
  for (const output of unfinished) output.abort();
}

function standardOutput(): Output {
  const { stdout } = process;
  return {
    async write(data) {
      // waits while the reader is slower than we are
      if (!stdout.write(data)) await once(stdout, "drain");
    },
    commit: () => undefined,
    abort: () => undefined,
  };
}
