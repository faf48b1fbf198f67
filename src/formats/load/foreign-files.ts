/*
 * What people have in the place of a model file, and what to do about it.
 */

/** Whether these bytes are there. */
export function startsWith(
  file: Uint8Array,
  bytes: readonly number[],
  at = 0,
): boolean {
  return bytes.every((byte, index) => file[at + index] === byte);
}

/** The first letters, white space and a byte order mark left out; bytes that are no ASCII as they are. */
export function textStart(file: Uint8Array): string {
  let at = startsWith(file, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  while (SPACES.has(file[at] as number)) at++;
  return String.fromCharCode(...file.subarray(at, at + LONGEST));
}

const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);
const LONGEST = 48;

/** Texts by how they start, in small letters. */
const TEXTS: readonly (readonly [start: string, name: string])[] = [
  ["<!doctype", "page"],
  ["<html", "page"],
  ["<head", "page"],
  ["<?xml", "XML: a server error, or PMML"],
  ["<error", "an error of the server"],
  [
    "version https://git-lfs.github.com",
    "a pointer of Git LFS; the file itself is fetched by `git lfs pull`",
  ],
  ["7767517", "the description of an ncnn model"],
];

const PAGE =
  "a web page; the address leads to a page about the file, not to the file itself";

const ascii = (text: string) => Array.from(text, (char) => char.charCodeAt(0));

/** Bytes, where they stand, and whose they are. */
const SIGNATURES: readonly (readonly [
  bytes: readonly number[],
  at: number,
  name: string,
])[] = [
  [[0x1f, 0x8b], 0, "gzip; unpack it first"],
  [ascii("BZh"), 0, "bzip2; unpack it first"],
  [[0xfd, ...ascii("7zXZ")], 0, "xz; unpack it first"],
  [[0x28, 0xb5, 0x2f, 0xfd], 0, "zstd; unpack it first"],
  [ascii("7z\xbc\xaf"), 0, "7z; unpack it first"],
  [ascii("Rar!"), 0, "rar; unpack it first"],
  [ascii("ustar"), 257, "a tar file; unpack it first"],
  [
    ascii("ORTM"),
    4,
    "a model in onnxruntime's own format (.ort); use the .onnx it was made from",
  ],
  [ascii("ET12"), 4, "an ExecuTorch program (.pte)"],
  [ascii("GGUF"), 0, "GGUF, a language model of llama.cpp"],
  [
    [0x93, ...ascii("NUMPY")],
    0,
    "a NumPy array (.npy), which has no layers; parse reads the array",
  ],
  [ascii("PAR1"), 0, "Parquet, a table"],
  [ascii("RIFF"), 0, "sound, or another RIFF file"],
  [ascii("%PDF"), 0, "a PDF"],
  [[0x89, ...ascii("PNG")], 0, "a picture"],
  [
    [0x80],
    0,
    "a Python pickle that torch.save did not write; its code is never run, so the program that wrote it has to export the model (in PyTorch, torch.save(model.state_dict(), file))",
  ],
];

/** What the file is, as far as it is known; null where it is not. */
export function nameOfForeign(file: Uint8Array): string | null {
  const start = textStart(file).toLowerCase();
  const text = TEXTS.find(([begins]) => start.startsWith(begins))?.[1];
  if (text) return text === "page" ? PAGE : text;
  const found = SIGNATURES.find(([bytes, at]) => startsWith(file, bytes, at));
  return found?.[2] ?? null;
}
