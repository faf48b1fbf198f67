// The licences of what is bundled into dist: dist/THIRD_PARTY_LICENSES.txt. esbuild says what it bundled; a package
// whose licence has no text here fails the build.
import { readdir, readFile } from "node:fs/promises";

const root = new URL("../", import.meta.url);

/**
 * Packages that carry no licence file: where the texts are that their repositories have. Of code it is the comment that
 * it begins with.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const ELSEWHERE = {
  // a folder of the repository that the compiler is published from
  "@assemblyscript/loader": ["node_modules/assemblyscript/LICENSE"],
  // Apache-2.0, and one file by Google, BSD-3-Clause
  "@bufbuild/protobuf": [
    "LICENSE",
    "node_modules/@bufbuild/protobuf/dist/esm/wire/binary-encoding.js",
    "node_modules/@bufbuild/protobuf/dist/esm/wire/varint.js",
  ],
  // MIT, at the end of its README
  "fft.js": ["tools/fft.js-licence.txt"],
};

/**
 * Texts that a package's own licence file only refers to, and that whoever hands on its code must hand on too.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const DERIVED_FROM = {
  // in large part pyfive, whose licence, BSD-3-Clause, is at github.com/jjhelmus/pyfive
  jsfive: ["tools/pyfive-licence.txt"],
};

/**
 * The packages of which a build holds code, by the folders that they are in.
 *
 * @param {readonly import("esbuild").Metafile[]} metafiles
 */
export function packagesIn(metafiles) {
  const folders = new Set();
  for (const { outputs } of metafiles)
    for (const { inputs } of Object.values(outputs))
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(
          path,
        )?.[1];
        if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
      }
  return [...folders].sort();
}

/**
 * The text of the file.
 *
 * @param {readonly import("esbuild").Metafile[]} metafiles with paths relative to the repository
 * @throws Error naming the package that has no licence text
 */
export async function notices(metafiles) {
  const parts = [];
  for (const folder of packagesIn(metafiles)) {
    const { name, version, license, author } = JSON.parse(
      await readFile(new URL(`${folder}/package.json`, root), "utf8"),
    );
    const by = typeof author === "object" ? author?.name : author;
    const head = [`${name} ${version}`, license, by].filter(Boolean).join(", ");
    const text = await licenceText(folder, name);
    parts.push(`${"=".repeat(80)}\n${head}\n${"=".repeat(80)}\n\n${text}\n`);
  }
  return `Packages of which this one holds code, with their licences.\n\n${parts.join("\n")}`;
}

/** @param {string} folder @param {string} name */
async function licenceText(folder, name) {
  const files = await readdir(new URL(`${folder}/`, root));
  const found = files.filter((file) => /^(licen[cs]e|copying)/i.test(file));
  const notice = files.filter((file) => /^notice/i.test(file));
  const paths = found.map((file) => `${folder}/${file}`);
  const elsewhere = ELSEWHERE[name];
  if (!paths.length && elsewhere !== undefined) paths.push(...elsewhere);
  if (!paths.length)
    throw new Error(
      `notices: ${name} is bundled, but ${folder} has no licence file; ELSEWHERE in tools/notices.mjs may name one`,
    );
  paths.push(...notice.map((file) => `${folder}/${file}`));
  paths.push(...(DERIVED_FROM[name] ?? []));
  const texts = await Promise.all(
    paths.map(async (path) => {
      const text = await readFile(new URL(path, root), "utf8");
      return path.endsWith(".js") ? firstComment(text) : text;
    }),
  );
  return texts.map((text) => text.trim()).join("\n\n");
}

/** @param {string} code */
function firstComment(code) {
  const [lines = ""] = /^(\/\/.*\n)*/.exec(code) ?? [];
  return lines.replaceAll(/^\/\/ ?/gm, "");
}
