/// <reference types="node" />
/** gatewise/worker in Node, where `create` is optional. @module */
import { Worker } from "node:worker_threads";
import { record } from "../checks.js";
import {
  createPool as createPoolWith,
  type Pool,
  type PoolOptions,
} from "./pool.js";

export * from "./index.js";

const create = () => new Worker(new URL("script-node.js", import.meta.url));

/** As on other hosts, except that `create` may be left out. */
export function createPool(options: PoolOptions = {}): Pool {
  record(options, "options");
  return createPoolWith({ create, ...options });
}
