/**
 * @template T
 * @typedef {import("./run.mjs").Row<T>} Row
 */

/** @param {readonly Row<import("./guests/report.mjs").Report>[]} rows */
export const printPlaces = (rows) =>
  print([
    [
      "runtime",
      "version",
      "where",
      "backends",
      "cases",
      "hash of simd, js",
      "of relaxed",
      "first output, ms",
      "LSTM 1→20, µs",
      "LSTM 128→128, µs",
    ],
    ...rows.map(({ host, version, place, report }) => [
      host,
      version,
      place,
      report.results.map(({ backend }) => backend).join(" "),
      report.results.map(({ passed, of }) => `${passed}/${of}`).join(" "),
      hashes(report, ["simd", "js"]),
      hashes(report, ["relaxed"]),
      report.first.toFixed(1),
      report.small.toFixed(2),
      report.large.toFixed(2),
    ]),
  ]);

/**
 * @param {import("./guests/report.mjs").Report} report
 * @param {readonly string[]} backends
 */
function hashes({ results }, backends) {
  const found = results
    .filter(({ backend }) => backends.includes(backend))
    .map(({ hash }) => hash.slice(0, 8));
  return [...new Set(found)].join(" ≠ ");
}

/** @param {readonly Row<import("./guests/pool.mjs").PoolReport>[]} rows */
export const printPools = (rows) =>
  print([
    [
      "batch of 256",
      "equal to the bit on",
      "this thread, ms",
      "one worker, ms",
      "two workers, ms",
      "speed-up",
      "overhead of one",
      "abort to rejection, ms",
    ],
    ...rows.map(({ host, report: { backends, here, one, two, cancelled } }) => [
      host,
      backends.join(" "),
      here.toFixed(0),
      one.toFixed(0),
      two.toFixed(0),
      (one / two).toFixed(2),
      percent(one / here - 1),
      cancelled.toFixed(1),
    ]),
  ]);

/** @param {readonly Row<import("./guests/threads.mjs").ThreadsReport>[]} rows */
export const printThreads = (rows) =>
  print([
    ["gatewise/threads", "where", "threads", "calls that were split"],
    ...rows.map(({ host, place, report: { threads, calls } }) => [
      host,
      place,
      String(threads),
      String(calls),
    ]),
  ]);

/** @param {readonly Row<import("./guests/audio.mjs").AudioReport>[]} rows */
export const printAudio = (rows) =>
  print([
    [
      "LSTM-40 in a worklet",
      "quanta",
      "mean, ms",
      "median, ms",
      "99 %, ms",
      "99.9 %, ms",
      "longest of each 10 s, ms, and share of them that could be timed",
      "clock's error, ms",
      "least of the longest, of the time that there is",
    ],
    ...rows.map(({ host, report: { runs, quanta, windows } }) => {
      const [{ quanta: count = 0, budget = 0 } = {}] = runs;
      return [
        host,
        `${runs.length} × ${count}`,
        Math.min(...runs.map(({ mean }) => mean)).toFixed(3),
        quanta.median.toFixed(3),
        quanta.often.toFixed(3),
        quanta.nearlyAlways.toFixed(3),
        windows
          .map(({ worst, timed }) => `${worst.toFixed(2)} (${percent(timed)})`)
          .join(", "),
        Math.max(...runs.map(({ resolution }) => resolution)).toFixed(3),
        percent(Math.min(...windows.map(({ worst }) => worst)) / budget),
      ];
    }),
  ]);

const percent = (/** @type {number} */ share) =>
  `${(100 * share).toFixed(1)} %`;

/** @param {readonly (readonly string[])[]} lines the first names the columns */
function print(lines) {
  if (lines.length === 1) return;
  const widths = lines[0]?.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  for (const [i, line] of lines.entries()) {
    const cells = line.map((cell, column) =>
      cell.padEnd(widths?.[column] ?? 0),
    );
    console.log(`| ${cells.join(" | ")} |`);
    if (i === 0)
      console.log(`|${widths?.map((n) => "-".repeat(n + 2)).join("|")}|`);
  }
  console.log();
}
