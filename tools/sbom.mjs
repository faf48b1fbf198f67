// dist/sbom.cdx.json, a bill of materials in CycloneDX: what is bundled is no dependency of the package, so a user's
// `npm audit` does not see it. Scanners read this file.
import { readFile } from "node:fs/promises";
import { packagesIn } from "./notices.mjs";

const root = new URL("../", import.meta.url);

/** @param {string} folder */
const manifest = async (folder) =>
  JSON.parse(await readFile(new URL(`${folder}/package.json`, root), "utf8"));

/** @param {string} name @param {string} version */
const purl = (name, version) =>
  `pkg:npm/${name.replace("@", "%40")}@${version}`;

/**
 * The text of the file.
 *
 * @param {readonly import("esbuild").Metafile[]} metafiles with paths relative to the repository
 */
export async function billOfMaterials(metafiles) {
  const own = await manifest(".");
  const packages = await Promise.all(packagesIn(metafiles).map(manifest));
  const component = (/** @type {any} */ { name, version, license }) => ({
    type: "library",
    name,
    version,
    "bom-ref": purl(name, version),
    purl: purl(name, version),
    licenses: [{ expression: license }],
  });
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: component(own) },
    components: packages.map(component),
    dependencies: [
      {
        ref: purl(own.name, own.version),
        dependsOn: packages.map(({ name, version }) => purl(name, version)),
      },
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}
