import { isFloat32Array, wrong } from "../checks.js";

/**
 * A copy to send to a worker: messages transfer buffers, which must not be the caller's. The worker checks what it gets.
 *
 * @throws TypeError for what cannot be sent at all, such as a promise that was not awaited
 */
export function copyOf<T>(value: T, name: string): T {
  if (isFloat32Array(value)) return value.slice() as T;
  try {
    return structuredClone(value);
  } catch {
    throw wrong(false, name, "plain data", value);
  }
}

/** A copy of plain data, of views what they show alone: structuredClone copies all that their buffers hold. */
export function ownCopy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value))
    return (value as unknown as Float32Array).slice() as T;
  if (Array.isArray(value)) return value.map(ownCopy) as T;
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, ownCopy(inner)]),
  ) as T;
}
