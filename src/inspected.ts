const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/**
 * What console.log shows by its text in Node. A class of its own, which needs no other file: bundlers keep every class
 * that has a computed key, and with one in Sequential an application of a single LSTM carried all layers, 6 kB gzipped.
 */
export abstract class Inspected {
  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}
