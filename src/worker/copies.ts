import { isFloat32Array, wrong } from "../checks.js";

/**
 * A copy that may go to a worker: messages take buffers away, and these must not be the caller's. What is of the wrong
 * kind the worker refuses, but for what cannot even go there: a promise that nobody awaited, say.
 *
 * @throws TypeError for that
 */
export function copyOf<T>(value: T, name: string): T {
  if (isFloat32Array(value)) return value.slice() as T;
  try {
    return structuredClone(value);
  } catch {
    throw wrong(false, name, "plain data", value);
  }
}
