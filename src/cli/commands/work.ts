/** `gatewise work REDIS`: a worker for `gatewise score`. @module */
import { availableParallelism } from "node:os";
import { startWorker } from "../../queue/work.js";
import { textOf } from "../errors.js";
import { untilSignal } from "../signals.js";
import type { CommonOptions } from "./options.js";

export interface WorkCommandOptions extends CommonOptions {
  readonly queue: string;
  readonly threads?: number;
  readonly lock: number;
  readonly quiet?: boolean;
}

/** The same complaint again is told once in so many milliseconds: a server that is gone is tried twice a second. */
const SAME_MS = 30_000;

export async function work(
  url: string,
  { queue: name, threads, lock, quiet }: WorkCommandOptions,
): Promise<void> {
  const script = new URL("queue/thread.js", import.meta.url);
  const told = new Map<string, number>();
  const onError = (error: Error) => {
    const text = textOf(error);
    const now = Date.now();
    if (now - (told.get(text) ?? -SAME_MS) < SAME_MS) return;
    told.set(text, now);
    process.stderr.write(`gatewise: ${text}\n`);
  };
  const worker = await startWorker(script, {
    queue: { url, name },
    ...(threads !== undefined && { threads }),
    lockMs: 1000 * lock,
    onError,
  });
  if (!quiet)
    process.stderr.write(
      `gatewise: works for ${name}, threads: ${threads ?? availableParallelism()}\n`,
    );
  await untilSignal();
  await worker.close();
}
