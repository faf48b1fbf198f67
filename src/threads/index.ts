/** One sequence, or one batch, on several threads, with the bits of one. @module */

export type { WorkerLike } from "../worker-like.js";
export { init, Threads, type ThreadsOptions } from "./threads.js";
