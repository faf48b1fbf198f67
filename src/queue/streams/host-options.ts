import { positiveInteger, record, wrong } from "../../checks.js";
import type { QueueAddress } from "../address.js";

/** Options of `hostStreams`. */
export interface HostOptions {
  queue: QueueAddress;
  /** The most streams in this process at a time; 10 000 by default. */
  streams?: number;
  /** Frames between two writes of a stream's state; 100 by default. Another host runs later frames again. */
  checkpoint?: number;
  /** Milliseconds without frames after which a stream is released; 30 000 by default. It comes back with new frames. */
  idleMs?: number;
  /** Milliseconds without a sign of life after which other hosts take its streams; 3000 by default, at least 300. */
  leaseMs?: number;
  /** Called with errors that do not end the host. */
  onError?: (error: Error) => void;
}

const KNOWN = {
  queue: 0,
  streams: 0,
  checkpoint: 0,
  idleMs: 0,
  leaseMs: 0,
  onError: 0,
} satisfies Record<keyof HostOptions, 0>;

const STREAMS = 10_000;
const CHECKPOINT = 100;
const IDLE_MS = 30_000;
const LEASE_MS = 3000;
const SHORTEST_LEASE = 300;

/** Options with their defaults filled in. */
export type CheckedHostOptions = Required<Omit<HostOptions, "queue">>;

/** @throws TypeError, RangeError that name the option */
export function checkHostOptions(options: HostOptions): CheckedHostOptions {
  record(options, "options", KNOWN);
  const { onError = () => undefined } = options;
  if (typeof onError !== "function")
    throw wrong(false, "onError", "a function", onError);
  const given = (name: "streams" | "checkpoint" | "idleMs", value: number) =>
    positiveInteger(options[name] ?? value, name);
  const leaseMs = positiveInteger(options.leaseMs ?? LEASE_MS, "leaseMs");
  if (leaseMs < SHORTEST_LEASE)
    throw wrong(true, "leaseMs", `at least ${SHORTEST_LEASE}`, leaseMs);
  return {
    streams: given("streams", STREAMS),
    checkpoint: given("checkpoint", CHECKPOINT),
    idleMs: given("idleMs", IDLE_MS),
    leaseMs,
    onError,
  };
}
