/** `gatewise work REDIS`: a worker for `gatewise score`, and a host of live streams. @module */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { StreamHost } from "../../queue/streams/host.js";
import { startWorker } from "../../queue/work.js";
import { textOf } from "../errors.js";
import { untilSignal } from "../signals.js";
import type { CommonOptions } from "./options.js";

export interface WorkCommandOptions extends CommonOptions {
  readonly queue: string;
  readonly threads?: number;
  readonly lock: number;
  readonly streams: number;
  readonly checkpoint: number;
  readonly idle: number;
  readonly lease: number;
  readonly quiet?: boolean;
}

/** Beside the folder that the program lies in, and beside the program where it is one file. */
function threadScript(): URL {
  const [first, second] = ["../queue/thread.js", "queue/thread.js"].map(
    (path) => new URL(path, import.meta.url),
  ) as [URL, URL];
  return existsSync(first) ? first : second;
}

/** The same complaint again is told once in so many milliseconds: a server that is gone is tried twice a second. */
const SAME_MS = 30_000;

export async function work(
  url: string,
  options: WorkCommandOptions,
): Promise<void> {
  const { queue: name, threads, lock, streams, quiet } = options;
  const script = threadScript();
  const told = new Map<string, number>();
  const onError = (error: Error) => {
    const text = textOf(error);
    const now = Date.now();
    if (now - (told.get(text) ?? -SAME_MS) < SAME_MS) return;
    told.set(text, now);
    process.stderr.write(`gatewise: ${text}\n`);
  };
  const queue = { url, name };
  const worker = await startWorker(script, {
    queue,
    ...(threads !== undefined && { threads }),
    lockMs: 1000 * lock,
    onError,
  });
  const host = streams
    ? await StreamHost.open({
        queue,
        streams,
        checkpoint: options.checkpoint,
        idleMs: 1000 * options.idle,
        leaseMs: 1000 * options.lease,
        onError,
      })
    : null;
  if (!quiet)
    process.stderr.write(
      `gatewise: works for ${name}, threads: ${threads ?? availableParallelism()}\n`,
    );
  await untilSignal();
  await Promise.all([worker.close(), host?.close()]);
}
