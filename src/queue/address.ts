/*
 * The address of a queue.
 */
import { positiveInteger, record, wrong } from "../checks.js";

/** The address of a queue. */
export interface QueueOptions {
  /** redis://user:password@host:port/db, or rediss:// for TLS. */
  url: string;
  /** Queues with different names are independent; "gatewise" by default. */
  name?: string;
  /** Milliseconds that the server may be unreachable, full or silent before a call fails; 30 000 by default. */
  patience?: number;
}

/** The URL of a queue's server, or all options. */
export type QueueAddress = string | QueueOptions;

const KNOWN = {
  url: 0,
  name: 0,
  patience: 0,
} satisfies Record<keyof QueueOptions, 0>;

const PATIENCE = 30_000;
/** @throws TypeError, RangeError that name the option */
export function checkAddress(queue: unknown): Required<QueueOptions> {
  const given = record(
    typeof queue === "string" ? { url: queue } : queue,
    "queue",
    KNOWN,
  );
  const { url, name = "gatewise", patience = PATIENCE } = given;
  const expected = "redis://host:port or rediss://host:port";
  if (typeof url !== "string") throw wrong(false, "queue.url", expected, url);
  if (!/^rediss?:\/\/[^/\s]/.test(url) || !URL.canParse(url))
    throw wrong(true, "queue.url", expected, withoutPassword(url));
  if (typeof name !== "string" || !/^[^:{}\s]+$/.test(name))
    throw wrong(
      typeof name === "string",
      "queue.name",
      "a name without colons, braces and spaces",
      name,
    );
  return { url, name, patience: positiveInteger(patience, "queue.patience") };
}

/** A URL for messages and logs. Removes everything up to the last @: a password may have any characters. */
export const withoutPassword = (url: string) =>
  url.replace(/^(\w+:\/\/)?.*@/s, "$1");
