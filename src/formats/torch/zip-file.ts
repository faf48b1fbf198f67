/*
 * Reads the format of torch.save since PyTorch 1.6: a zip file with one folder, whose name is arbitrary.
 *
 *     name/data.pkl     the pickle
 *     name/data/KEY     the numbers of a storage, uncompressed
 *     name/version      the version of the format
 *     name/byteorder    "little" or "big"; absent before PyTorch 2.1: little
 */
import { FormatError } from "../../errors.js";
import { placeOf } from "../zip/directory.js";
import { ZipArchive } from "../zip/archive.js";
import type { FileOptions, TorchFile } from "./torch-file.js";
import { findGlobal, Placeholders } from "./globals.js";
import { Cursor } from "./pickle/cursor.js";
import { unpickle } from "./pickle/machine.js";
import { Storages, toStorageId } from "./storage.js";

const PICKLE = "data.pkl";

/** Usual are 100 bytes per tensor. */
const LONGEST_PICKLE = 1 << 26;

export function readZip(
  file: Uint8Array,
  { budget, checksums }: FileOptions,
): TorchFile {
  const archive = new ZipArchive(file, budget, checksums);
  const folder = folderOf(archive);
  const text = (name: string) =>
    archive.has(folder + name)
      ? String.fromCharCode(
          ...archive.read(folder + name).subarray(0, 20),
        ).trim()
      : null;
  if (text("byteorder") === "big")
    throw new FormatError(
      "expected little-endian numbers, got big-endian ones",
      placeOf(`${folder}byteorder`),
    );
  const storages = new Storages((key) => archive.read(`${folder}data/${key}`));
  const cursor = new Cursor(pickleOf(archive, folder), folder + PICKLE);
  const placeholders = new Placeholders();
  const root = unpickle(cursor, {
    global: findGlobal,
    object: (of, args) => placeholders.make(of, args),
    persistent: (id, place) => storages.find(toStorageId(id, place), place),
  });
  const version = text("version") ?? "unknown";
  return { root, version, ignored: placeholders.lines() };
}

function folderOf(archive: ZipArchive): string {
  const found = archive.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (found.length === 1) return (found[0] as string).slice(0, -PICKLE.length);
  const names = archive.names.slice(0, 5).map((name) => name.slice(0, 100));
  throw new FormatError(
    `expected one data.pkl in a folder, got ${found.length} among the entries ${names.join(", ")}`,
    "zip",
  );
}

function pickleOf(archive: ZipArchive, folder: string): Uint8Array {
  const pickle = archive.read(folder + PICKLE);
  if (pickle.length <= LONGEST_PICKLE) return pickle;
  throw new FormatError(
    `expected at most ${LONGEST_PICKLE} bytes, got ${pickle.length}`,
    placeOf(folder + PICKLE),
  );
}
