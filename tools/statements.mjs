// The statements of a declaration file as tsc writes it: each begins in the first column, lists of names are on one line.

const LIST = /^(import|export)(?: type)? \{ ?(.*?),? ?\}(?: from "([^"]+)")?;$/;
const ALL = /^export \*(?: as (\w+))? from "([^"]+)";$/;
const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|const|enum|function|interface|let|namespace|type) (\w+)/;

/**
 * A name of a list: as the other file has it, and as the list does.
 *
 * @typedef {{ readonly imported: string, readonly text: string, kept: boolean }} Listed
 *
 * One statement with the comment in front of it. `kind`: a list of names that are imported or exported, "all" for
 * `export *`, a declaration, or what has no name and stays ("other"). `list` by the names that they have from here on.
 *
 * @typedef {object} Statement
 * @property {string} text
 * @property {string} code without comments
 * @property {"import" | "export" | "all" | "declaration" | "other"} kind
 * @property {boolean} exported
 * @property {string | null} name that is declared, or of `export * as`
 * @property {string | null} from which file
 * @property {ReadonlyMap<string, Listed>} list
 * @property {boolean} kept
 */

/** @param {string} text of a file @returns {Statement[]} */
export const statements = (text) => cut(text).map(toStatement);

/** The last may have no end yet. @param {string} text */
const withoutComments = (text) =>
  text.replace(/\/\*[^]*?(?:\*\/|$)/g, "").trim();

/** @param {string} text */
function cut(text) {
  const parts = [];
  let part = "";
  for (const line of text.split("\n")) {
    part += `${line}\n`;
    const ends = /[;}]$/.test(line);
    const count = (/** @type {string} */ bracket) =>
      withoutComments(part).split(bracket).length;
    if (!ends || count("{") !== count("}") || !withoutComments(part)) continue;
    parts.push(part);
    part = "";
  }
  return part.trim() ? [...parts, part] : parts;
}

/** @param {string} text @returns {Statement} */
function toStatement(text) {
  const code = withoutComments(text);
  const exported = code.startsWith("export ");
  const other = { text, code, exported, kept: false, list: new Map() };
  const list = LIST.exec(code);
  if (list) {
    const kind = list[1] === "import" ? "import" : "export";
    const names = list[2] ? list[2].split(", ") : [];
    const from = list[3] ?? null;
    return {
      ...other,
      kind,
      name: null,
      from,
      list: new Map(names.map(toListed)),
    };
  }
  const all = ALL.exec(code);
  if (all)
    return {
      ...other,
      kind: "all",
      name: all[1] ?? null,
      from: all[2] ?? null,
    };
  const name = code.startsWith("export default ")
    ? "default"
    : (DECLARATION.exec(code)?.[1] ?? null);
  return { ...other, kind: name ? "declaration" : "other", name, from: null };
}

/** @param {string} text `type Backend as Kernel` @returns {[string, Listed]} */
function toListed(text) {
  const [imported = "", local = imported] = text
    .replace(/^type /, "")
    .split(" as ");
  return [local, { imported, text, kept: false }];
}
