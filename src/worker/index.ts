/** Models off the main thread, with the same API but promises. @module */

export { RemoteGraph } from "./graph.js";
export { type RemoteForwardOptions, RemoteModel } from "./model.js";
export type { ModelSource } from "../messages.js";
export { createPool, Pool, type PoolOptions } from "./pool.js";
export type { CallOptions } from "./signal.js";
export type { RemoteStepOptions, RemoteTrainer } from "./trainer.js";
export { RemoteStream } from "./stream.js";
export type { WorkerLike } from "../worker-like.js";
