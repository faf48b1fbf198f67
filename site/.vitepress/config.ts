import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { entries } from "../lib/entries.mjs";
import { repositoryLinks } from "../lib/links.mjs";
import { sidebar } from "./sidebar.ts";

const path = (name: string) =>
  fileURLToPath(new URL(`../${name}`, import.meta.url));
const { version, repository } = JSON.parse(
  readFileSync(path("../package.json"), "utf8"),
);

/** Where a file of the repository stands in the site. */
const PLACES: readonly [RegExp, string][] = [
  [/^docs\/README\.md$/, "docs/index.md"],
  [/^CHANGELOG\.md$/, "docs/changelog.md"],
  [/^site\/pages\//, ""],
  [/^site\/reference\//, "reference/"],
];

export default defineConfig({
  title: "gatewise",
  description: "RNN, LSTM and GRU for anything that runs JavaScript",
  lang: "en",
  base: "./", // any host, any folder
  srcDir: path(".."),
  outDir: path("dist"),
  cacheDir: path(".vitepress/cache"),
  srcExclude: [
    "{README,CONTRIBUTING,SECURITY}.md",
    "{assembly,bench,build,dist,examples,node_modules,src,test,tools}/**",
    "site/{node_modules,dist}/**",
  ],
  rewrites: (id) => {
    const [from, to] = PLACES.find(([pattern]) => pattern.test(id)) ?? [];
    return from ? id.replace(from, to as string) : id;
  },
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark" },
    config: (md) => md.use(repositoryLinks),
  },
  vite: {
    publicDir: path("public"),
    resolve: { alias: entries },
    plugins: [
      {
        name: "vue for the pages of docs, which lie outside of this package",
        enforce: "pre",
        resolveId(id, importer, options) {
          if (
            !/^vue(\/|$)/.test(id) ||
            !importer ||
            importer.startsWith(path(""))
          )
            return;
          return this.resolve(id, path("package.json"), {
            ...options,
            skipSelf: true,
          });
        },
      },
    ],
    build: { chunkSizeWarningLimit: 2000, assetsInlineLimit: 0 },
    worker: { format: "es" },
  },
  themeConfig: {
    siteTitle: "gatewise",
    nav: [
      { text: "Playground", link: "/play/", activeMatch: "/play/" },
      { text: "Docs", link: "/docs/", activeMatch: "/docs/" },
      { text: "Reference", link: "/reference/", activeMatch: "/reference/" },
      { text: `v${version}`, link: "/docs/changelog" },
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: {
      provider: "local",
      options: {
        detailedView: true,
        miniSearch: {
          options: {
            // a name with underscores is found whole, and by its parts
            tokenize: (text: string) =>
              text
                .split(/[^\p{L}\p{N}_]+/u)
                .flatMap((word) =>
                  /[^_]_[^_]/.test(word) ? [word, ...word.split("_")] : [word],
                ),
          },
          searchOptions: {
            fuzzy: 0.1,
            boost: { title: 6, titles: 2, text: 1 },
            // a guide answers sooner than a signature does
            boostDocument: (id: string) =>
              id.includes("/reference/") ? 0.4 : 1,
          },
        },
      },
    },
    socialLinks: [
      {
        icon: "github",
        link: repository.url.replace(/^git\+|\.git$/g, ""),
        ariaLabel: "Source",
      },
    ],
    docFooter: { prev: "Before", next: "Next" },
    footer: {
      message:
        "Apache-2.0. The playground computes in your browser: nothing that you open leaves the page.",
    },
  },
});
