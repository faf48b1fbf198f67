// Links of the docs as GitHub reads them → links of the site: a page stays a page, any other file is shown where the
// repository is.
import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { posix } from "node:path";

const root = new URL("../../", import.meta.url);
const { repository } = JSON.parse(
  readFileSync(new URL("package.json", root), "utf8"),
);
const source = repository.url.replace(/^git\+|\.git$/g, "");

/** @param {string} href @param {string} page of the repository: docs/formats/load.md @returns {string} */
export function linkOf(href, page) {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [path, anchor] = href.split("#");
  const hash = anchor === undefined ? "" : `#${anchor}`;
  const file = posix.join(posix.dirname(page), /** @type {string} */ (path));
  if (file === "CHANGELOG.md") return `/docs/changelog${hash}`;
  const shown = /^(docs|site\/pages|site\/reference)\/.*\.md$/.test(file);
  if (shown)
    return `/${file.replace(/^site\/pages\//, "").replace(/^site\//, "")}`
      .replace(/(README|index)\.md$/, "")
      .replace(/\.md$/, "")
      .concat(hash);
  const url = new URL(file, root);
  if (!existsSync(url)) return href;
  const kind = statSync(fileURLToPath(url)).isDirectory() ? "tree" : "blob";
  return `${source}/${kind}/main/${file}${hash}`;
}

/** @param {import("markdown-it").default} md */
export function repositoryLinks(md) {
  md.core.ruler.push("repository-links", (state) => {
    // a heading that is rendered by itself, for the page's title, has no place
    const place = state.env.realPath ?? state.env.path;
    if (!place) return;
    const page = place.slice(fileURLToPath(root).length);
    for (const token of state.tokens)
      for (const each of [token, ...(token.children ?? [])]) {
        if (each.type === "link_open")
          each.attrSet("href", linkOf(each.attrGet("href") ?? "", page));
        // an image beside the page: the bundler takes what begins with a dot
        if (each.type.startsWith("html_"))
          each.content = each.content.replace(
            /(<img src=")(?![./]|[a-z]+:)/g,
            "$1./",
          );
      }
  });
}
