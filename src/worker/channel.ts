import { type BirpcReturn, createBirpc } from "birpc";
import { packError, type PackedError, unpackError } from "../messages.js";
import type { Service } from "./service.js";
import type { WorkerLike } from "../worker-like.js";

/** One end of a channel: the worker for its owner, or the owner for the worker. */
interface End {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  addEventListener?(
    type: string,
    listener: (event: { data: unknown; message?: string }) => void,
  ): void;
  on?(type: string, listener: (value: unknown) => void): void;
}

type Remote = BirpcReturn<Service, object, false>;

/** The caller's end. If the worker dies, pending calls reject. */
export function connect(
  worker: WorkerLike,
  onEnd: (error: Error) => void,
): Remote {
  const end = worker as unknown as End;
  const remote = createBirpc<Service, object, false>({}, channel(end));
  const close = (text: string) => {
    const error = new Error(`worker: expected it to run, got ${text}`);
    remote.$close(error);
    onEnd(error);
  };
  if (end.on) {
    end.on("error", (error) => close(String(error)));
    end.on("exit", (code) => close(`its end with code ${String(code)}`));
  } else {
    const failed = "an error; is its script where the address says?";
    end.addEventListener?.("error", (event) => close(event.message || failed));
  }
  end.addEventListener?.("messageerror", () => close("an unreadable message"));
  return remote;
}

/** The worker's end. */
export function serve(owner: unknown, service: Service): void {
  createBirpc<object, Service, false>(service, channel(owner as End));
}

interface Message {
  e?: unknown;
}

function channel(end: End) {
  return {
    proxify: false as const,
    timeout: -1,
    post: (message: unknown) =>
      end.postMessage(message, [...buffersIn(message, new Set())]),
    on: (listen: (message: unknown) => void) => {
      if (end.on) end.on("message", listen);
      else end.addEventListener?.("message", ({ data }) => listen(data));
    },
    serialize: (message: Message): Message =>
      message.e ? { ...message, e: packError(message.e) } : message,
    deserialize: (message: Message): Message =>
      message.e
        ? { ...message, e: unpackError(message.e as PackedError) }
        : message,
  };
}

/** Every buffer in a message is transferred, so senders must not need it any more. */
function buffersIn(value: unknown, found: Set<ArrayBuffer>): Set<ArrayBuffer> {
  if (typeof value !== "object" || value === null) return found;
  if (ArrayBuffer.isView(value)) {
    const { buffer } = value;
    return buffer instanceof ArrayBuffer ? found.add(buffer) : found;
  }
  for (const inner of Object.values(value)) buffersIn(inner, found);
  return found;
}
