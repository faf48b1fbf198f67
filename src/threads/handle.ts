import { wrong } from "../checks.js";
import type { Start, ThreadHandle } from "../kernel/threads.js";
import type { WorkerLike } from "../worker-like.js";

/** A worker as hosts have them: Node's listens by `on`, the web's by `addEventListener`. */
interface Events {
  postMessage(message: unknown): void;
  terminate(): unknown;
  on?(type: string, listener: (value: unknown) => void): void;
  addEventListener?(
    type: string,
    listener: (event: { data: unknown; message?: string }) => void,
  ): void;
  unref?(): void;
}

/** What a thread says once it has its Start. */
export type Reply = "serves" | { readonly error: string };

/** How long a thread may take to be there, in ms. */
const START = 30_000;

/**
 * A worker that runs script.ts, as a thread of a team.
 *
 * @param worker what `create` gave
 * @throws TypeError for what is no worker
 */
export function handleOf(worker: WorkerLike): ThreadHandle {
  const own = checkWorker(worker);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners: ((what: string) => void)[] = [];
  let end: string | null = null;
  const ended = (what: string) => {
    end ??= what;
    for (const listener of listeners.splice(0)) listener(end);
  };
  let heard = (_reply: unknown): void => {};
  if (own.on) {
    own.on("message", (reply) => heard(reply));
    own.on("error", (error) => ended(String(error)));
    own.on("exit", (code) => ended(`its end with code ${String(code)}`));
  } else {
    const failed = "an error; is its script where the address says?";
    own.addEventListener?.("message", ({ data }) => heard(data));
    own.addEventListener?.("error", (event) => ended(event.message || failed));
  }
  const onEnd = (listener: (what: string) => void) => {
    if (end === null) listeners.push(listener);
    else listener(end);
  };
  return {
    start: (start: Start) =>
      new Promise((resolve, reject) => {
        const refuse = (what: string) =>
          reject(
            new Error(
              `threads: expected thread ${start.thread} to start, got ${what}`,
            ),
          );
        timer = setTimeout(refuse, START, `none in ${START} ms`);
        onEnd((what) => {
          clearTimeout(timer);
          refuse(what);
        });
        heard = (reply) => {
          if (reply !== "serves") {
            ended((reply as { error?: string } | null)?.error ?? "an error");
            return;
          }
          clearTimeout(timer);
          // a program that has come to its end does not wait for threads
          own.unref?.();
          resolve();
        };
        own.postMessage(start);
      }),
    end: async () => {
      clearTimeout(timer);
      await own.terminate();
    },
    onEnd,
  };
}

function checkWorker(worker: unknown): Events {
  const own = (worker ?? {}) as Partial<Events>;
  const has = [own.postMessage, own.terminate, own.on ?? own.addEventListener];
  if (has.every((method) => typeof method === "function")) return own as Events;
  throw wrong(false, "create()", "a worker", worker);
}
