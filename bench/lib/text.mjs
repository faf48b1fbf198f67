/** Plain tables for a terminal, and figures in a width that suits them. */

/**
 * Three significant figures, in the unit that suits: 412 ns, 3.25 µs, 17.8 ms.
 *
 * @param {number} milliseconds
 */
export function time(milliseconds) {
  if (!Number.isFinite(milliseconds)) return "–";
  if (milliseconds >= 1000) return `${digits(milliseconds / 1000)} s`;
  if (milliseconds >= 1) return `${digits(milliseconds)} ms`;
  if (milliseconds >= 1e-3) return `${digits(milliseconds * 1e3)} µs`;
  return `${digits(milliseconds * 1e6)} ns`;
}

/** @param {number} value */
export const digits = (value) =>
  value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value.toFixed(2);

/** @param {number} value */
export const times = (value) =>
  Number.isFinite(value) ? `${digits(value)} ×` : "–";

/** @param {number} share */
export const percent = (share) => `${(100 * share).toFixed(0)} %`;

/** @param {number} bytes */
export const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/**
 * A printer of rows: the first column to the left, the others to the right. Rows come one by one, so a long run
 * shows its progress.
 *
 * @param {readonly string[]} header
 * @param {readonly number[]} widths
 */
export function table(header, widths) {
  /** @param {readonly string[]} cells */
  const row = (cells) =>
    console.log(
      cells
        .map((cell, column) => {
          const width = widths[column] ?? widths.at(-1) ?? 10;
          return column ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  ")
        .trimEnd(),
    );
  row(header);
  row(
    header.map((_, column) =>
      "─".repeat(widths[column] ?? widths.at(-1) ?? 10),
    ),
  );
  return row;
}
