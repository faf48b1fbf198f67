/*
 * Bytes from a file or from standard input.
 */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";

/** @param path `-`: standard input */
export async function readInput(path: string): Promise<Uint8Array> {
  if (path !== "-") return readFile(path);
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(path)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes as they arrive. */
export function chunksOf(path: string): AsyncIterable<Uint8Array> {
  return path === "-" ? process.stdin : createReadStream(path);
}
