import { unpackError } from "../messages.js";
import type { Reply, Request } from "./protocol.js";

type Answer = Exclude<Reply, { event: unknown }>;

/** Requests to the processor, and the promises that its replies settle. */
export class Requests {
  readonly #post: (request: Request) => void;
  readonly #pending = new Map<
    number,
    { resolve(value: never): void; reject(error: Error): void }
  >();
  #lastId = 0;
  #failure: Error | null = null;

  constructor(post: (request: Request) => void) {
    this.#post = post;
  }

  /** Posts a request under a new id. */
  send<T>(request: Request): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#post({ ...request, id });
    });
  }

  receive(reply: Answer): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ("error" in reply) pending?.reject(unpackError(reply.error));
    else pending?.resolve(reply.value as never);
  }

  /** Rejects what is pending and, since nobody will reply any more, all later requests. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
