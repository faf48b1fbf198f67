/*
 * Tensors whose data are in files beside the model: onnx.proto's external_data.
 */
import { isRecord, message, nonNegativeInteger, wrong } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { Budget } from "../budget.js";
import { toBytes } from "../../bytes.js";
import { Fields } from "./fields.js";
import { readModel } from "./read.js";

/** The default limit for all tensors in memory: many tensors may share the same bytes of a file. */
const MAX_BYTES = 2 ** 30;

/** The locations of external files that a model names. @throws FormatError naming the place */
export function locationsIn(bytes: Uint8Array): string[] {
  const { graph } = readModel(new Fields(bytes));
  if (!graph) return [];
  const tensors = [
    ...graph.initializers,
    ...graph.nodes.flatMap(({ attributes }) =>
      attributes.map(({ tensor }) => tensor),
    ),
  ];
  const locations = tensors.map((tensor) => tensor?.external?.get("location"));
  return [...new Set(locations.filter((name) => name !== undefined))];
}

/** The files of the option `files`, by the locations in the model. Nothing else is ever opened. */
export class ExternalFiles {
  readonly #files = new Map<string, Uint8Array>();
  readonly #budget: Budget;

  /** @throws TypeError, RangeError if `files` is not an object of bytes, or `maxBytes` not a number of bytes */
  constructor(files: unknown = {}, maxBytes: unknown = MAX_BYTES) {
    if (!isRecord(files))
      throw wrong(false, "files", "an object with a file per location", files);
    for (const [location, bytes] of Object.entries(files))
      this.#files.set(
        location,
        toBytes(bytes, `files[${JSON.stringify(location)}]`),
      );
    this.#budget = new Budget(nonNegativeInteger(maxBytes, "maxBytes"));
  }

  /**
   * A view of the bytes that a tensor's external_data describes.
   *
   * @param entries of external_data: location, offset, length
   * @param size bytes that the tensor takes in memory
   */
  read(
    entries: ReadonlyMap<string, string>,
    size: number,
    place: string,
  ): Uint8Array {
    const location = entries.get("location") ?? "";
    const file = this.#files.get(location);
    const name = JSON.stringify(location);
    if (!file) {
      const given = [...this.#files.keys()].map((key) => JSON.stringify(key));
      const got = given.length ? given.join(", ") : "no files";
      throw new FormatError(
        message(
          `the file ${name}, which has its data`,
          "it in options.files",
          got,
        ),
        place,
      );
    }
    const offset = numberOf(entries, "offset", 0, place);
    const length = numberOf(entries, "length", file.length - offset, place);
    if (offset + length > file.length || length < 0)
      throw new FormatError(
        `expected bytes within the ${file.length} of ${name}, got ${length} from ${offset} on`,
        place,
      );
    this.#budget.take(size, place);
    return file.subarray(offset, offset + length);
  }
}

function numberOf(
  entries: ReadonlyMap<string, string>,
  key: string,
  absent: number,
  place: string,
): number {
  const text = entries.get(key);
  if (text === undefined) return absent;
  const number = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new FormatError(
    `expected ${key} as a number of bytes, got ${JSON.stringify(text)}`,
    place,
  );
}
