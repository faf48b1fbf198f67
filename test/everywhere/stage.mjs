// A fresh folder with the packed package installed, as a user has it, and the guests beside it.
import { execFileSync } from "node:child_process";
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../../", import.meta.url));
const fixtures = join(repository, "test/fixtures/torch");

/** Of the reference cases the smallest: they have every option between them, and a worklet loads them too. */
const CASES = 60;

/** @typedef {{ folder: string, tarball: string, packageFolder: string }} Stage */

/**
 * The package as npm would publish it, or the one that GATEWISE_TARBALL names.
 *
 * @param {string} folder
 * @returns {string} the tarball's path
 */
function pack(folder) {
  const given = process.env["GATEWISE_TARBALL"];
  if (given) return given;
  const [packed] = JSON.parse(
    execFileSync(
      "npm",
      ["pack", "--json", "--silent", "--pack-destination", folder],
      { cwd: repository, encoding: "utf8" },
    ).replace(/^[^[]*/, ""),
  );
  return join(folder, packed.filename);
}

/** @returns {Promise<Stage>} */
export async function makeStage() {
  const folder = await mkdtemp(join(tmpdir(), "gatewise-everywhere-"));
  const tarball = pack(folder);
  await installInto(folder, tarball);
  const guests = join(folder, "guests");
  await cp(fileURLToPath(new URL("guests/", import.meta.url)), guests, {
    recursive: true,
  });
  await writeFile(join(guests, "cases.mjs"), await casesModule());
  return {
    folder,
    tarball,
    packageFolder: join(folder, "node_modules/gatewise"),
  };
}

/**
 * @param {string} folder
 * @param {string} tarball
 */
export async function installInto(folder, tarball) {
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "fresh", private: true, type: "module" }),
  );
  execFileSync("npm", ["install", "--silent", "--no-package-lock", tarball], {
    cwd: folder,
  });
}

async function casesModule() {
  const names = (await readdir(fixtures)).filter((file) =>
    file.endsWith(".safetensors"),
  );
  const files = await Promise.all(
    names.map(async (name) => ({
      name: name.replace(".safetensors", ""),
      bytes: await readFile(join(fixtures, name)),
    })),
  );
  const cases = files
    .sort(
      (a, b) => a.bytes.length - b.bytes.length || (a.name < b.name ? -1 : 1),
    )
    .slice(0, CASES)
    .map(({ name, bytes }) => ({ name, file: bytes.toString("base64") }));
  if (cases.length < CASES)
    throw new Error(
      `${fixtures}: expected ${CASES} cases, got ${cases.length}`,
    );
  return `export const cases = ${JSON.stringify(cases, null, 1)};\n`;
}
