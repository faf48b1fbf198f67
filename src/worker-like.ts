// apart from the channel, whose types are birpc's: those of this one are public, and the package has no birpc

/**
 * A Worker of the web's kind (browsers, Deno, Bun) or of node:worker_threads. One more kind of thread needs no more
 * than these.
 */
export interface WorkerLike {
  postMessage(message: unknown, transfer: never): void;
  terminate(): unknown;
}
