/*
 * Models in Redis: bytes under their hash, put there once, whoever needs them.
 */
import { createHash } from "node:crypto";
import { message } from "../checks.js";
import { Kept } from "./kept.js";
import type { Connection } from "./redis.js";

/** A week after it was last asked for a model is gone. */
const SECONDS = 7 * 24 * 3600;
/** Models that a process keeps the bytes of. */
const MOST_KEPT = 8;

export const hashOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

/** Puts it there where it is not; or says that it is still wanted. */
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

/** The models that a process has fetched. */
export class Models {
  readonly #connection: Connection;
  readonly #kept = new Kept(MOST_KEPT, (hash) => this.#fetch(hash));

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @throws Error where it is not there, or not what its hash says */
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
    const got = `${bytes.length} others`;
    throw new Error(message(name, "bytes of this hash in Redis", got));
  }
}
