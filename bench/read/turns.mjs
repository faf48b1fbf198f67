/**
 * Readers on the same pictures, in turns; runs in Node and in pages.
 *
 * @typedef {{ name: string, read(): Promise<readonly string[]> }} Reader the text of each picture
 * @typedef {Record<string, { texts: readonly string[], each: number }>} Read by reader; milliseconds of the shortest round
 */

const ROUNDS = 5;

/** @param {readonly Reader[]} readers @returns {Promise<Read>} */
export async function inTurns(readers) {
  /** @type {Read} */
  const all = {};
  for (const { name, read } of readers)
    all[name] = { texts: await read(), each: Number.POSITIVE_INFINITY };
  for (let i = 0; i < ROUNDS; i++)
    for (const { name, read } of readers) {
      const started = performance.now();
      await read();
      const one = /** @type {Read[string]} */ (all[name]);
      one.each = Math.min(one.each, performance.now() - started);
    }
  return all;
}
