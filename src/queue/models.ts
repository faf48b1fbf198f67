/*
 * Models in Redis: bytes under their hash, stored once for all users.
 */
import { createHash } from "node:crypto";
import { message } from "../checks.js";
import { Kept } from "./kept.js";
import type { Connection } from "./redis.js";

/** A model expires a week after its last use. */
const SECONDS = 7 * 24 * 3600;
/** The number of models whose bytes a process keeps. */
const MAX_KEPT = 8;

export const hashOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

/** Stores a model if Redis does not have it, and renews the time for which it is kept. */
export async function putModel(
  connection: Connection,
  hash: string,
  bytes: Uint8Array,
): Promise<void> {
  const key = connection.key("model", hash);
  await connection.call("room for the model", async () => {
    if (await connection.redis.expire(key, SECONDS)) return;
    await connection.redis.set(key, Buffer.from(bytes), "EX", SECONDS);
  });
}

/** Fetches models, and keeps the last ones. */
export class Models {
  readonly #connection: Connection;
  readonly #kept = new Kept(MAX_KEPT, (hash) => this.#fetch(hash));

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @throws Error if Redis does not have the model, or its bytes do not match the hash */
  get(hash: string): Promise<Uint8Array> {
    return this.#kept.get(hash);
  }

  async #fetch(hash: string): Promise<Uint8Array> {
    const connection = this.#connection;
    const key = connection.key("model", hash);
    const bytes = await connection.call("the model", () =>
      connection.redis.getBuffer(key),
    );
    const name = `model ${hash.slice(0, 12)}…`;
    if (!bytes) throw new Error(message(name, "its bytes in Redis", "none"));
    if (hashOf(bytes) === hash) return bytes;
    const got = `${bytes.length} bytes of another hash`;
    throw new Error(message(name, "bytes of this hash in Redis", got));
  }
}
