import { message, typedArrayName, wrong } from "./checks.js";

/**
 * A Uint8Array over memory that is not shared, as Blob and Response require. TypeScript distinguishes the two since 5.7;
 * this type is right before and after.
 */
export type Bytes = ReturnType<Uint8Array["slice"]>;

/** A plain Uint8Array over the same bytes: not a Buffer, whose slice shares memory, and not an object of another realm. */
export function toBytes(bytes: unknown, name = "bytes"): Uint8Array {
  try {
    if (typedArrayName.call(bytes) === "Uint8Array") {
      const { buffer, byteOffset, byteLength } = bytes as Uint8Array;
      return new Uint8Array(buffer, byteOffset, byteLength);
    }
    if (Object.prototype.toString.call(bytes) === "[object ArrayBuffer]")
      return new Uint8Array(bytes as ArrayBuffer);
  } catch {
    const got = "some that were transferred to a worker, or cut off";
    throw new TypeError(message(name, "bytes that are there", got));
  }
  throw wrong(false, name, "a Uint8Array or an ArrayBuffer", bytes);
}

/** Whether it is HTML or XML, which servers send in the place of files that they do not have. */
export const isMarkup = (bytes: Uint8Array): boolean =>
  /^\s*<[!?a-z]/i.test(String.fromCharCode(...bytes.subarray(0, 64)));
