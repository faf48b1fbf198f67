/** A file that cannot be read. The message begins with the place: a byte offset, or the name of an entry. */
export class FormatError extends Error {
  override readonly name = "FormatError";

  constructor(message: string, at?: number | string) {
    const place = typeof at === "number" ? `byte ${at}` : at;
    super(place === undefined ? message : `${place}: ${message}`);
  }
}
