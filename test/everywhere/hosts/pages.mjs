/** @typedef {import("./host.mjs").Place} Place */

/** @type {readonly (readonly [name: string, path: string, isBare?: boolean])[]} */
const PAGES = [
  ["page", "/guests/page.html?place=main"],
  ["worker", "/guests/page.html?place=worker"],
  ["AudioWorklet", "/guests/page.html?place=worklet"],
  ["a frame's arrays", "/guests/page.html?place=frame"],
  ["CSP, page", "/strict/guests/page.html?place=main", true],
  ["CSP, worker", "/strict/guests/page.html?place=worker", true],
  ["without WebAssembly", "/guests/page.html?place=nowasm", true],
];

/** The pages of docs/runtimes for browsers. */
export const BROWSER_PAGES = ["browser", "audioworklet"];

/**
 * The places of a browser.
 *
 * @param {(path: string) => Promise<any>} answer what globalThis.answer of a page resolves to
 * @param {readonly import("gatewise").Backend[]} [backends]
 * @returns {Place[]}
 */
export const placesOf = (answer, backends = ["relaxed", "simd", "js"]) =>
  PAGES.map(([name, path, isBare = false]) => ({
    name,
    backends: isBare ? ["js"] : backends,
    run: () => answer(path),
  }));
