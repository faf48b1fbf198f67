/** A file that cannot be read. The message begins with the place: a byte offset, or the name of an entry. */
export class FormatError extends Error {
  override readonly name = "FormatError";

  constructor(message: string, at?: number | string) {
    const place = typeof at === "number" ? `byte ${at}` : at;
    super(place === undefined ? message : `${place}: ${message}`);
  }
}

/** The message of whatever was thrown. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The same on one line and cut short: parsers quote a piece of their input, which may be anything. */
export const shortReasonOf = (error: unknown): string =>
  reasonOf(error).replace(/\s+/g, " ").slice(0, 120);
