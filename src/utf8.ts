/*
 * UTF-8 text. Without TextEncoder and TextDecoder, as in an AudioWorklet, JavaScript's functions for URIs do the work,
 * about 30 times slower.
 */

/** The caller must escape lone surrogates, as JSON.stringify does. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  if (typeof TextEncoder === "function") return new TextEncoder().encode(text);
  const escaped = encodeURIComponent(text);
  const bytes = new Uint8Array(escaped.length);
  let length = 0;
  for (let i = 0; i < escaped.length; i++) {
    const isByte = escaped[i] === "%";
    bytes[length++] = isByte
      ? Number.parseInt(escaped.slice(i + 1, i + 3), 16)
      : escaped.charCodeAt(i);
    if (isByte) i += 2;
  }
  return bytes.slice(0, length);
}

/** Shared by all calls, since a pickle has thousands of names; created on first use, because some hosts have none. */
let decoder: TextDecoder | undefined;

/** @throws TypeError or URIError if the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array<ArrayBuffer>): string {
  if (typeof TextDecoder === "function") {
    decoder ??= new TextDecoder("utf-8", { fatal: true });
    return decoder.decode(bytes);
  }
  let escaped = "";
  for (const byte of bytes) {
    const isPlain = byte < 0x80 && byte !== 0x25;
    escaped += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return decodeURIComponent(escaped);
}
