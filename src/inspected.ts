const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/**
 * A class whose instances console.log shows as their text in Node. It is in a file of its own that imports nothing:
 * bundlers keep every class with a computed key, and with one in Sequential an application that only used an LSTM
 * contained all layers, 6 kB gzipped.
 */
export abstract class Inspected {
  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}
