/// <reference types="node" />
/**
 * Models on other machines, by Redis or Valkey: rows scored by whatever workers there are, and live streams that outlive
 * the processes they live in. Needs the packages bullmq and ioredis.
 *
 * @module
 */
import { Streams, type StreamsOptions } from "./streams/client.js";
import { type HostOptions, StreamHost } from "./streams/host.js";
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
export type { HostOptions, StreamHost } from "./streams/host.js";
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

/**
 * A process that live streams live in, until it is closed.
 *
 * @throws TypeError, RangeError that name the option; an Error that names a server that is not there
 */
export const hostStreams = (options: HostOptions): Promise<StreamHost> =>
  StreamHost.open(options);

/**
 * Live streams over a model: frames are sent, answers read, and what is between survives the processes that it lives in.
 *
 *     const streams = await openStreams({ queue: "redis://localhost", model });
 *     const stream = await streams.open("patient-7");
 *     await stream.push(frames);
 *     for await (const { first, data } of stream.answers())
 *
 * @throws TypeError, RangeError that name the option; FormatError; an Error that names a server that is not there
 */
export const openStreams = (options: StreamsOptions): Promise<Streams> =>
  Streams.open(options);
