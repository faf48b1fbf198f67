/// <reference types="node" />
/**
 * Runs models on other machines, by Redis or Valkey: scores rows on any number of workers, and runs live streams that
 * survive the processes they run in. Needs the packages bullmq and ioredis.
 *
 * @module
 */
import { Streams, type StreamsOptions } from "./streams/client.js";
import { StreamHost } from "./streams/host.js";
import type { HostOptions } from "./streams/host-options.js";
import { type QueueWorker, startWorker, type WorkOptions } from "./work.js";

export { FormatError } from "../errors.js";
export type { QueueAddress, QueueOptions } from "./address.js";
export { score, type ScoreOptions } from "./score.js";
export { scoreFile, type ScoreFileOptions } from "./score-file.js";
export type { FileKind, ScoreInput } from "./sources.js";
export type {
  LiveStream,
  StreamAnswers,
  Streams,
  StreamsOptions,
} from "./streams/client.js";
export type { StreamHost } from "./streams/host.js";
export type { HostOptions } from "./streams/host-options.js";
export type { QueueWorker, WorkOptions } from "./work.js";

/**
 * Starts a worker, which scores a queue's rows with the cores of this machine until it is closed.
 *
 *     const worker = await work({ queue: "redis://localhost" });
 *     process.once("SIGTERM", () => worker.close());
 *
 * @throws TypeError, RangeError naming the option; Error naming the server if it cannot be reached
 */
export const work = (options: WorkOptions): Promise<QueueWorker> =>
  startWorker(new URL("thread.js", import.meta.url), options);

/**
 * Starts a host, which runs live streams in this process until it is closed.
 *
 * @throws TypeError, RangeError naming the option; Error naming the server if it cannot be reached
 */
export const hostStreams = (options: HostOptions): Promise<StreamHost> =>
  StreamHost.open(options);

/**
 * Opens live streams of a model: they accept frames and give answers, and survive the processes they run in.
 *
 *     const streams = await openStreams({ queue: "redis://localhost", model });
 *     const stream = await streams.open("patient-7");
 *     await stream.push(frames);
 *     for await (const { first, data } of stream.answers())
 *
 * @throws TypeError, RangeError naming the option; FormatError for the model; Error naming the server if it cannot be
 *   reached
 */
export const openStreams = (options: StreamsOptions): Promise<Streams> =>
  Streams.open(options);
