// not in channel.ts: this type is public, and the declarations of channel.ts need birpc, which the package does not have

/** A web Worker (browsers, Deno, Bun) or a Worker of node:worker_threads: all that is needed of either. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: never): void;
  terminate(): unknown;
}
