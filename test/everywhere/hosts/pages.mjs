/** @typedef {import("./host.mjs").Place} Place */

const PAGE = { scope: "Window" };
const WORKER = { scope: "DedicatedWorkerGlobalScope" };
const WORKLET = { scope: "AudioWorkletGlobalScope" };
const RUNS = /** @type {const} */ ({ webAssembly: "runs", arrays: "own" });
const REFUSED = /** @type {const} */ ({ webAssembly: "refused" });

/** @type {readonly (readonly [name: string, path: string, facts: Place["facts"]])[]} */
const PAGES = [
  ["page", "/guests/page.html?place=main", { ...PAGE, ...RUNS }],
  ["worker", "/guests/page.html?place=worker", { ...WORKER, ...RUNS }],
  ["AudioWorklet", "/guests/page.html?place=worklet", { ...WORKLET, ...RUNS }],
  [
    "a frame's arrays",
    "/guests/page.html?place=frame",
    { ...PAGE, ...RUNS, arrays: "foreign" },
  ],
  ["CSP, page", "/strict/guests/page.html?place=main", { ...PAGE, ...REFUSED }],
  [
    "CSP, worker",
    "/strict/guests/page.html?place=worker",
    { ...WORKER, ...REFUSED },
  ],
  [
    "CSP, AudioWorklet",
    "/strict/guests/page.html?place=worklet",
    { ...WORKLET, ...REFUSED },
  ],
  [
    "without WebAssembly",
    "/guests/page.html?place=nowasm",
    { ...PAGE, webAssembly: "absent" },
  ],
];

/**
 * What is asked of a browser beside the conformance.
 *
 * @param {(path: string) => Promise<any>} answer
 */
export const measuresOf = (answer) => ({
  pool: () => answer("/guests/page.html?place=pool"),
  threads: {
    "an isolated page": () =>
      answer("/isolated/guests/page.html?place=threads"),
    "an isolated page's worker": () =>
      answer("/isolated/guests/page.html?place=threads-worker"),
    "a page": () => answer("/guests/page.html?place=threads"),
  },
  audio: () => answer("/isolated/guests/page.html?place=audio"),
});

/** The pages of docs/runtimes for browsers. */
export const BROWSER_PAGES = ["browser", "audioworklet", "worker"];

/**
 * The places of a browser.
 *
 * @param {(path: string) => Promise<any>} answer what globalThis.answer of a page resolves to
 * @param {readonly import("gatewise").Backend[]} [backends]
 * @param {readonly string[]} [except] names of places that it does not have
 * @returns {Place[]}
 */
export const placesOf = (
  answer,
  backends = ["relaxed", "simd", "js"],
  except = [],
) =>
  PAGES.filter(([name]) => !except.includes(name)).map(
    ([name, path, facts]) => ({
      name,
      backends: facts.webAssembly === "runs" ? backends : ["js"],
      facts,
      run: () => answer(path),
    }),
  );
