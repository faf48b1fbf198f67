/// <reference types="node" />
/**
 * Models on other machines, by Redis or Valkey: rows scored by whatever workers there are. Needs the packages bullmq and
 * ioredis.
 *
 * @module
 */
import { type QueueWorker, startWorker, type WorkOptions } from "./work.js";

export { FormatError } from "../errors.js";
export type { QueueAddress, QueueOptions } from "./address.js";
export { score, type ScoreOptions } from "./score.js";
export { scoreFile, type ScoreFileOptions } from "./score-file.js";
export type { FileKind, ScoreInput } from "./sources.js";
export type { QueueWorker, WorkOptions } from "./work.js";

/**
 * Works for a queue with the cores of this machine until it is closed.
 *
 *     const worker = await work({ queue: "redis://localhost" });
 *     process.once("SIGTERM", () => worker.close());
 *
 * @throws TypeError, RangeError that name the option; an Error that names a server that is not there
 */
export const work = (options: WorkOptions): Promise<QueueWorker> =>
  startWorker(new URL("thread.js", import.meta.url), options);
