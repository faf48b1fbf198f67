/*
 * A thread of a worker process: keeps a few models, and runs chunks in turn. Rows are parsed and answers written here, so
 * that the main thread only passes bytes on.
 */
import { parentPort } from "node:worker_threads";
import { load } from "../formats/load/index.js";
import { init } from "../index.js";
import { packError, type PackedError } from "../messages.js";
import type { Chunk } from "./chunk.js";
import { type AnyModel, runChunk } from "./run-chunk.js";

/** A chunk for the thread, with the bytes of the model if the thread does not have it yet. */
export interface Request {
  readonly id: number;
  readonly model: string;
  readonly bytes: Uint8Array | null;
  /** The hashes of models to dispose of. */
  readonly drop: readonly string[];
  readonly chunk: Chunk;
}

export interface Response {
  readonly id: number;
  readonly answer?: Uint8Array;
  readonly error?: PackedError;
}

const models = new Map<string, AnyModel>();

async function answer({
  model: hash,
  bytes,
  drop,
  chunk,
}: Request): Promise<Uint8Array> {
  await init({ backend: "simd" });
  for (const gone of drop) {
    models.get(gone)?.dispose();
    models.delete(gone);
  }
  if (bytes) models.set(hash, load(bytes).model);
  const model = models.get(hash);
  if (!model)
    throw new Error(`model ${hash}: expected a loaded model, got none`);
  return runChunk(model, chunk);
}

const port = parentPort;
port?.on("message", (request: Request) => {
  const { id } = request;
  answer(request).then(
    (answer) => port.postMessage({ id, answer } satisfies Response),
    (error: unknown) =>
      port.postMessage({ id, error: packError(error) } satisfies Response),
  );
});
