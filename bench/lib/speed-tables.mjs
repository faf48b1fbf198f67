/** The tables of docs/speed.md: what int8 and threads gain, and every way of gatewise and of onnxruntime in ms. */

import { isPlain, nameOf, VARIANTS, WIDE } from "./variants.mjs";

/** Where they stand. */
const BEGIN = "<!-- figures: npm run bench:peers -- --draw -->";
const END = "<!-- end of figures -->";

/**
 * @typedef {import("./variants.mjs").Variant} Variant
 * @typedef {{ layer: string, batch: number, steps: number, hiddenSize: number, occasions: readonly import("./variants.mjs").Timings[] }} Measured
 * @typedef {{ host: Record<string, string>, backends: readonly string[], peers: Record<string, string>, cases: readonly Measured[] }} Results
 */

/**
 * Which layers a row of gains is over.
 *
 * @type {readonly (readonly [sort: string, of: (layer: Measured) => boolean])[]}
 */
export const SORTS = [
  ["steps, from 128 units on", (one) => isStep(one) && one.hiddenSize >= 128],
  ["sequences, 128 and 256", (one) => isSequence(one) && one.hiddenSize < 512],
  [
    "sequences, 512 and 1024",
    (one) => isSequence(one) && one.hiddenSize >= 512,
  ],
  ["batches", ({ batch }) => batch > 1],
];

/** @param {Measured} layer */
const isStep = ({ batch, steps }) => batch * steps === 1;

/** @param {Measured} layer */
const isSequence = ({ batch, steps, hiddenSize }) =>
  batch === 1 && steps > 1 && hiddenSize >= 128;

/** Three significant figures: 0.00194, 0.287, 48.8, 1234. */
const ms = (/** @type {number} */ value) => {
  if (!Number.isFinite(value)) return "";
  const places = 2 - Math.floor(Math.log10(value));
  return value.toFixed(Math.min(5, Math.max(0, places)));
};

/** "int8, 2 threads" */
const title = (/** @type {Variant} */ { precision, threads }) =>
  threads === 1 ? precision : `${precision}, ${threads} threads`;

/** @param {readonly (readonly string[])[]} rows the first one are the titles */
function markdown(rows) {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(4, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column
        ? cell.padStart(widths[column] ?? 0)
        : cell.padEnd(widths[column] ?? 0),
    ),
  );
  const rule = widths.map((width, column) =>
    column ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  lines.splice(1, 0, rule);
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/**
 * The best times of the cases in some ways.
 *
 * @param {readonly (readonly [title: string, name: string])[]} ways
 * @param {readonly Measured[]} cases
 */
const timesOf = (ways, cases) =>
  markdown([
    ["", ...ways.map(([head]) => head)],
    ...cases.map(({ layer, occasions }) => [
      layer,
      ...ways.map(([, name]) =>
        ms(Math.min(...occasions.map((one) => one[name]?.best ?? Infinity))),
      ),
    ]),
  ]);

/**
 * How many times as fast one way is as another, the worst of the occasions: least and most of the layers of a sort.
 *
 * @param {readonly Measured[]} cases
 * @param {(layer: Measured) => boolean} of
 * @param {string} way a name among the timings
 * @param {string} [other] float32 on one thread
 * @returns {readonly [least: number, most: number]}
 */
export function gains(cases, of, way, other = "gatewise") {
  const all = cases
    .filter((one) => of(one))
    .map(({ occasions }) =>
      Math.min(
        ...occasions.map(
          (one) => (one[other]?.best ?? NaN) / (one[way]?.best ?? NaN),
        ),
      ),
    )
    .filter(Number.isFinite);
  return [Math.min(...all), Math.max(...all)];
}

/** @param {readonly [number, number]} gain 1.2 to 1.6 */
function range([least, most]) {
  if (!Number.isFinite(least)) return "";
  const [low, high] = [least.toFixed(1), most.toFixed(1)];
  return low === high ? low : `${low} to ${high}`;
}

const majorOf = (/** @type {Results} */ { host }) =>
  Number.parseInt((host["node"] ?? "").slice(1), 10);

/** @param {Results} results */
const isWide = ({ cases }) =>
  cases.some(({ occasions }) => occasions[0]?.[`gatewise, ${WIDE}`]);

/** Our ways, and those that V8 makes wider ones of. @param {Results} results */
function waysOf(results) {
  const ways = VARIANTS.map((variant) => [
    title(variant),
    nameOf("gatewise", variant),
  ]);
  if (isWide(results))
    for (const variant of VARIANTS)
      if (variant.threads === 1)
        ways.push([
          `${title(variant)}, ${WIDE}`,
          `${nameOf("gatewise", variant)}, ${WIDE}`,
        ]);
  return /** @type {[title: string, name: string][]} */ (ways);
}

/** @param {readonly Results[]} newestFirst */
function gainsTable(newestFirst) {
  const [newest] = newestFirst;
  if (!newest) return "";
  const plain = VARIANTS.find(isPlain);
  const ways = waysOf(newest).filter(
    ([head]) => head !== (plain && title(plain)),
  );
  return markdown([
    ["", ...ways.map(([head]) => head)],
    ...newestFirst.flatMap((results) =>
      SORTS.map(([sort, of]) => [
        `Node ${majorOf(results)}, ${sort}`,
        ...ways.map(([, name]) => range(gains(results.cases, of, name))),
      ]),
    ),
  ]);
}

/**
 * All of them.
 *
 * @param {readonly Results[]} all oldest Node first
 */
export function speedTables(all) {
  const newestFirst = [...all].reverse();
  const [newest] = newestFirst;
  if (!newest) return "";
  const { host, peers, cases } = newest;
  const parts = [
    "## All figures",
    `${host["machine"]}, ${host["date"]}. How many times as fast as float32 on one thread, the worst of all occasions:`,
    gainsTable(newestFirst),
  ];
  for (const results of newestFirst) {
    const [backend] = results.backends;
    parts.push(`gatewise on Node ${results.host["node"]} (${backend}), in ms:`);
    parts.push(timesOf(waysOf(results), results.cases));
  }
  for (const engine of ["onnxruntime-node", "onnxruntime-web"]) {
    const ways = VARIANTS.filter(({ precision }) => precision !== "int8-fast");
    parts.push(`${engine} ${peers[engine]} on Node ${host["node"]}, in ms:`);
    parts.push(
      timesOf(
        ways.map((variant) => [title(variant), nameOf(engine, variant)]),
        cases,
      ),
    );
  }
  return parts.join("\n\n");
}

/**
 * A page with the tables in their place.
 *
 * @param {string} page
 * @param {string} tables
 */
export function placed(page, tables) {
  const [before, rest] = page.split(BEGIN);
  const behind = rest?.split(END)[1];
  if (behind === undefined)
    throw new Error(`docs/speed.md: expected ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n\n${tables}\n\n${END}${behind}`;
}
