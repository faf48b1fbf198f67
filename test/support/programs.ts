/** The programs of README.md and docs/: JavaScript and TypeScript blocks, and the module scripts of pages. */
import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

export interface Program {
  /** The page and where in it: "docs/cells.md, line 7". */
  readonly place: string;
  readonly code: string;
}

/** README.md and every page of docs/. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(new URL("docs/", root), { recursive: true })
    .map((path) => `docs/${String(path)}`)
    .filter((path) => path.endsWith(".md"))
    .sort(),
];

/** The fenced blocks of a page in one of the languages, as they stand. */
export function blocksOf(page: string, ...languages: string[]): Program[] {
  const text = readFileSync(new URL(page, root), "utf8");
  const fence = new RegExp(
    `^\`\`\`(?:${languages.join("|")})\\n([^]*?)^\`\`\`$`,
    "gm",
  );
  return [...text.matchAll(fence)].map(({ index, 1: code = "" }) => ({
    place: `${page}, line ${text.slice(0, index).split("\n").length + 1}`,
    code,
  }));
}

/** Every program of every page. */
export function allPrograms(): Program[] {
  return pages.flatMap((page) => [
    ...blocksOf(page, "js", "ts"),
    ...blocksOf(page, "html").flatMap(({ place, code }) =>
      [...code.matchAll(/<script type="module">([^]*?)<\/script>/g)].map(
        ([, script = ""]) => ({ place, code: script }),
      ),
    ),
  ]);
}
