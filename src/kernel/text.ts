import { CHARACTERS, frequent } from "./binaries/bytes.js";

const byteAt = (hex: string, at: number): number =>
  Number.parseInt(hex.slice(at, at + 2), 16);

/**
 * The bytes of a binary that tools/embed.mjs wrote as text: a character for each of the frequent ones, "~" and two
 * hexadecimal digits for the others.
 */
export function decodeText(text: string): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128);
  for (let i = 0; i < CHARACTERS.length; i++)
    values[CHARACTERS.charCodeAt(i)] = byteAt(frequent, 2 * i);
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "~") {
      bytes[length++] = byteAt(text, i + 1);
      i += 2;
    } else bytes[length++] = values[text.charCodeAt(i) & 127] as number;
  }
  return bytes.slice(0, length);
}
