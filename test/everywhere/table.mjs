/** @param {readonly import("./run.mjs").Row[]} rows */
export function printTable(rows) {
  const lines = [
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
  ];
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
}

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
