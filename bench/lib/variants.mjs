/** How an engine may run a layer, and what its best is. */

/**
 * @typedef {"float32" | "int8" | "int8-fast"} Precision
 * @typedef {{ precision: Precision, threads: number }} Variant
 * @typedef {Record<string, import("./turns.mjs").Timing>} Timings by the names of contenders
 */

export const THREADS = 2;

/** What this Node's V8 makes of two vectors of 128 bits each, where it is told to. */
export const REVECTORIZE = "--experimental-wasm-revectorize";

/** What the figures of that are called. */
export const WIDE = "256 bits";

/** @type {readonly Precision[]} */
export const PRECISIONS = ["float32", "int8", "int8-fast"];

/** @type {Variant} */
export const PLAIN = { precision: "float32", threads: 1 };

/** @param {Variant} variant */
export const isPlain = ({ precision, threads }) =>
  precision === "float32" && threads === 1;

/** @param {Variant} variant "int8, 2 threads"; "" of the plain one */
export const labelOf = ({ precision, threads }) =>
  [
    ...(precision === "float32" ? [] : [precision]),
    ...(threads === 1 ? [] : [`${threads} threads`]),
  ].join(", ");

/**
 * A contender's name.
 *
 * @param {string} engine ours: "gatewise"
 * @param {Variant} variant
 */
export const nameOf = (engine, variant) =>
  [engine, labelOf(variant)].filter(Boolean).join(", ");

/** Every way that any engine has. */
export const VARIANTS = PRECISIONS.flatMap((precision) =>
  [1, THREADS].map((threads) => ({ precision, threads })),
);

/**
 * The quickest of an engine's ways over all occasions.
 *
 * @param {string} engine
 * @param {readonly Timings[]} occasions
 * @returns {Variant & { name: string }}
 */
export function bestOf(engine, occasions) {
  const ways = VARIANTS.map((variant) => {
    const name = nameOf(engine, variant);
    const all = occasions.map((one) => one[name]?.best ?? Infinity);
    return { ...variant, name, time: Math.min(...all) };
  });
  const [{ time: _, ...best }] = /** @type {[typeof ways[number]]} */ (
    ways.sort((one, other) => one.time - other.time)
  );
  return best;
}
