/// <reference types="node" />
/*
 * Where results go: a file that is there whole or not at all, or standard output.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

export interface Output {
  write(data: string | Uint8Array): Promise<void>;
  /** Ends it well; what was written is there from now on. */
  commit(): void;
  /** Leaves what was there before as it was. After `commit` nothing happens. */
  abort(): void;
}

/** @param path `-`: standard output */
export function openOutput(path: string): Output {
  if (path === "-") return standardOutput();
  const existing = statSync(path, { throwIfNoEntry: false });
  // a pipe, a device: there is nothing that could be half-written, and nothing that may be replaced
  if (existing && !existing.isFile()) return new Direct(openSync(path, "w"));
  // a rename asks nobody
  if (existing && !isWritable(path, existing.mode))
    throw new Error("read-only, expected a file that may be written");
  return new Replacing(targetOf(path), existing?.mode);
}

/** Whether its mode lets anybody write, and the system us: root may write whatever the mode says. */
function isWritable(path: string, mode: number): boolean {
  try {
    accessSync(path, constants.W_OK);
    return (mode & 0o222) !== 0;
  } catch {
    return false;
  }
}

/** As many links as systems follow. */
const MOST_LINKS = 40;

/** What a link points to, whether or not that is there. */
function targetOf(path: string): string {
  let target = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (!found?.isSymbolicLink()) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  throw new Error("a link to itself, expected a file");
}

/** Opens, writes, commits. */
export async function writeOutput(
  path: string,
  data: string | Uint8Array,
): Promise<void> {
  const output = openOutput(path);
  try {
    await output.write(data);
    output.commit();
  } finally {
    output.abort();
  }
}

class Direct implements Output {
  readonly #file: number;
  #open = true;

  constructor(file: number) {
    this.#file = file;
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }

  /** Until it is on the disk: a rename may be there before what was written. */
  sync(): void {
    fsyncSync(this.#file);
  }

  commit(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  abort(): void {
    this.commit();
  }
}

/** Files that are being written, for those who end the program. */
const unfinished = new Set<Replacing>();

/** Written under another name in the same folder, where a rename replaces what was there in one step. */
class Replacing implements Output {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: Direct;

  constructor(path: string, mode = 0o666) {
    const random = randomBytes(6).toString("hex");
    this.#path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${random}.tmp`);
    this.#file = new Direct(openSync(this.#temporary, "wx", mode));
    unfinished.add(this);
  }

  write(data: string | Uint8Array): Promise<void> {
    return this.#file.write(data);
  }

  commit(): void {
    this.#file.sync();
    this.#file.commit();
    renameSync(this.#temporary, this.#path);
    unfinished.delete(this);
    syncFolder(dirname(this.#path));
  }

  abort(): void {
    if (!unfinished.delete(this)) return;
    this.#file.abort();
    rmSync(this.#temporary, { force: true });
  }
}

/** So that the new name outlives a loss of power. Systems that cannot do that to a folder say so, and do it themselves. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // what was written is there
  }
}

/** Before the program ends early. */
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
