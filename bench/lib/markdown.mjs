/** Tables of what was measured, for a page of docs/. */

/** "" without rows. @param {readonly string[]} header @param {readonly (readonly string[])[]} rows */
export const table = (header, rows) =>
  rows.length
    ? [header, header.map(() => "---"), ...rows]
        .map((cells) => `| ${cells.join(" | ")} |`)
        .join("\n")
    : "";

/**
 * A page with text in the place of what stands between its two marks for a command.
 *
 * @param {string} page @param {string} command that writes it @param {string} text
 */
export function replaced(page, command, text) {
  const start = `<!-- ${command}: from here -->`;
  const end = "<!-- to here -->";
  const from = page.indexOf(start) + start.length;
  const to = page.indexOf(end, from);
  if (from < start.length || to < 0)
    throw new Error(`expected ${start} and ${end}`);
  return `${page.slice(0, from)}\n\n${text.trim()}\n\n${page.slice(to)}`;
}
