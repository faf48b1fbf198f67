import { enter, type Start, STOP } from "../kernel/threads.js";
import type { Reply } from "./handle.js";

/** The owner as a worker sees it. */
interface Owner {
  postMessage(reply: Reply): void;
  once?(type: "message", listener: (start: Start) => void): void;
  addEventListener?(
    type: "message",
    listener: (event: { data: Start }) => void,
    options: { once: boolean },
  ): void;
}

/** A thread's whole life: it waits for its Start, and then for calls, until the team is closed. */
export function serveTeam(owner: unknown): void {
  const own = owner as Owner;
  const begin = (start: Start) => {
    try {
      const { serve } = enter(start, 0, false).floats;
      own.postMessage("serves");
      serve();
    } catch (error) {
      const { memory, control } = start;
      // nobody waits for this one any longer
      Atomics.store(new Int32Array(memory.buffer), (control + STOP) >> 2, 1);
      own.postMessage({ error: String(error) });
    }
  };
  if (own.once) own.once("message", begin);
  else
    own.addEventListener?.("message", ({ data }) => begin(data), {
      once: true,
    });
}
