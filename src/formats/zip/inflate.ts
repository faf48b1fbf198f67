import { Inflate } from "fflate";
import { FormatError } from "../../errors.js";

/** What is inflated at a time: at most 1032 times as much comes out, so 17 MB beyond the size that was declared. */
const PIECE = 1 << 14;

/** More pieces without a byte than any real stream has: the longest stored block spans 5. */
const MAX_SILENT = 8;

/**
 * The `size` bytes that `packed` inflates to. Stops as soon as more come, whatever else is packed.
 *
 * @throws FormatError when the stream is damaged, or more or fewer bytes come
 */
export function inflate(
  packed: Uint8Array,
  size: number,
  place: string,
): Uint8Array {
  const out = new Uint8Array(size);
  let length = 0;
  let silent = 0;
  const stream = new Inflate((chunk) => {
    silent = chunk.length ? 0 : silent + 1;
    if (length + chunk.length <= size) out.set(chunk, length);
    length += chunk.length;
  });
  // at least one turn, even for 0 bytes
  let at = 0;
  do {
    const end = Math.min(at + PIECE, packed.length);
    push(stream, packed.subarray(at, end), end === packed.length, place);
    at = end;
  } while (at < packed.length && length < size && silent < MAX_SILENT);
  if (length === size) return out;
  const got = length > size ? "more" : `${length}`;
  throw new FormatError(`expected ${size} inflated bytes, got ${got}`, place);
}

function push(
  stream: Inflate,
  piece: Uint8Array,
  last: boolean,
  place: string,
): void {
  try {
    stream.push(piece, last);
  } catch (error) {
    throw new FormatError(
      `expected deflated bytes, got ${error instanceof Error ? error.message : "something else"}`,
      place,
    );
  }
}
