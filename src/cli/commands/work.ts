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

/** In a folder beside that of the program, or of the program itself if it is a single file. */
function threadScript(): URL {
  const [first, second] = ["../queue/thread.js", "queue/thread.js"].map(
    (path) => new URL(path, import.meta.url),
  ) as [URL, URL];
  return existsSync(first) ? first : second;
}

/** The same error is reported at most this often: an unreachable server is tried twice a second. */
const REPEAT_MS = 30_000;

export async function work(
  url: string,
  options: WorkCommandOptions,
): Promise<void> {
  const { queue: name, threads, lock, streams, quiet } = options;
  const script = threadScript();
  const reported = new Map<string, number>();
  const onError = (error: Error) => {
    const text = textOf(error);
    const now = Date.now();
    if (now - (reported.get(text) ?? -REPEAT_MS) < REPEAT_MS) return;
    reported.set(text, now);
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
      `gatewise: serving queue ${name}, threads: ${threads ?? availableParallelism()}\n`,
    );
  await untilSignal();
  await Promise.all([worker.close(), host?.close()]);
}
