/*
 * Zip files. fflate inflates, crc-32 sums; the directory is ours, because fflate's unzipSync reads without a word a
 * file with a flipped byte, one that inflates to more than it declares (the rest cut off), one whose stored entry runs
 * into the directory, and one that is encrypted; and the readers that check all that are asynchronous.
 */
import CRC32 from "crc-32";
import { FormatError } from "../../errors.js";
import type { Budget } from "../budget.js";
import { placeOf, readDirectory, type ZipEntry } from "./directory.js";
import { inflate } from "./inflate.js";

/** deflate makes at most this of a byte. */
const BEST_RATIO = 1032;

/** A zip file whose entries are read one by one, when asked for. */
export class ZipArchive {
  readonly #file: Uint8Array;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #budget: Budget;
  readonly #checksums: boolean;

  /**
   * @param budget that inflated entries are taken from
   * @param checksums whether a wrong checksum of an entry is an error
   * @throws FormatError when the directory is damaged
   */
  constructor(file: Uint8Array, budget: Budget, checksums = true) {
    this.#file = file;
    this.#budget = budget;
    this.#checksums = checksums;
    this.#entries = new Map(
      readDirectory(file).map((entry) => [entry.name, entry]),
    );
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * The bytes of an entry: a view of the file when it is stored as it is.
   *
   * @throws FormatError when there is none of that name, or it is not what the directory says
   */
  read(name: string): Uint8Array {
    const place = placeOf(name);
    const entry = this.#entries.get(name);
    if (entry === undefined)
      throw new FormatError("the zip file has no such entry", place);
    const bytes = this.#unpack(entry, place);
    if (this.#checksums && CRC32.buf(bytes) >>> 0 !== entry.crc)
      throw new FormatError(
        "the checksum is wrong; options.checksums: false reads it anyway",
        place,
      );
    return bytes;
  }

  #unpack({ method, start, end, size }: ZipEntry, place: string): Uint8Array {
    const packed = this.#file.subarray(start, end);
    if (method !== 0 && method !== 8)
      throw new FormatError(
        `expected stored or deflated bytes, got compression method ${method}`,
        place,
      );
    const most = packed.length * (method === 0 ? 1 : BEST_RATIO);
    if (size > most || (method === 0 && size < most))
      throw new FormatError(
        `expected ${size} bytes, got ${packed.length} in the file`,
        place,
      );
    if (method === 0) return packed;
    this.#budget.take(size, place);
    return inflate(packed, size, place);
  }
}
