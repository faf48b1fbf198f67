/// <reference types="node" />
/** gatewise/threads in Node, where the threads need no address. @module */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { record } from "../checks.js";
import {
  init as initWith,
  type Threads,
  type ThreadsOptions,
} from "./threads.js";

export * from "./index.js";

const create = () => new Worker(new URL("script-node.js", import.meta.url));

/** As in other hosts, but that `create` may be left out. */
export async function init(options: ThreadsOptions = {}): Promise<Threads> {
  record(options, "options");
  return initWith({
    ...options,
    create: options.create === undefined ? create : options.create,
    threads: options.threads ?? Math.min(4, availableParallelism()),
  });
}
