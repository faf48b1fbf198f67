import { typedArrayName, wrong } from "./checks.js";

/**
 * A Uint8Array of memory that is not shared, as Blob, Response and the like want it: TypeScript tells the two apart from
 * 5.7 on, and this is both before and after.
 */
export type Bytes = ReturnType<Uint8Array["slice"]>;

/** A view of the whole file that is neither a Buffer, whose slice shares memory, nor of another realm. */
export function toBytes(bytes: unknown, name = "bytes"): Uint8Array {
  if (typedArrayName.call(bytes) === "Uint8Array") {
    const { buffer, byteOffset, byteLength } = bytes as Uint8Array;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  if (Object.prototype.toString.call(bytes) === "[object ArrayBuffer]")
    return new Uint8Array(bytes as ArrayBuffer);
  throw wrong(false, name, "a Uint8Array or an ArrayBuffer", bytes);
}
