// The reference: a page an entry, and one each thing that it exports, from the docstrings of src/ → site/reference.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application, ReflectionKind } from "typedoc";

const root = new URL("../", import.meta.url);
const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, root));
const { exports } = JSON.parse(readFileSync(path("package.json"), "utf8"));

/** Each entry that has types: where it lies in src/, "training/index", and the name that users import. */
const entries = Object.entries(exports).flatMap(([name, target]) => {
  const file = /^\.\/dist\/(.*)\.d\.ts$/.exec(target.types ?? "")?.[1];
  return file ? [{ file, name: name.replace(".", "gatewise") }] : [];
});
/** As typedoc names them: training, and index where that is all there is. */
const names = new Map(
  entries.map(({ file, name }) => [file.replace(/\/index$/, ""), name]),
);

export async function writeReference() {
  const application = await Application.bootstrapWithPlugins({
    entryPoints: entries.map(({ file }) => path(`src/${file}.ts`)),
    tsconfig: path("site/tsconfig.reference.json"),
    plugin: ["typedoc-plugin-markdown"],
    out: path("site/reference"),
    readme: "none",
    name: "Reference",
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    excludeExternals: true,
    githubPages: false,
    disableSources: true,
    skipErrorChecking: true,
    sort: ["source-order"],
    logLevel: "Error",
    // of the plug-in
    router: "member",
    entryFileName: "index",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    expandObjects: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    typeAliasPropertiesFormat: "table",
    propertyMembersFormat: "table",
  });
  const project = await application.convert();
  if (!project) throw new Error("typedoc: could not read src/");
  refuseUndocumented(project);
  for (const module of project.children ?? [])
    module.name = names.get(module.name) ?? module.name;
  await application.generateOutputs(project);
}

/**
 * Each has a page, which says what it is.
 *
 * @param {import("typedoc").ProjectReflection} project
 */
function refuseUndocumented(project) {
  const missing = project
    .getReflectionsByKind(
      ReflectionKind.Module |
        ReflectionKind.Class |
        ReflectionKind.Interface |
        ReflectionKind.Function |
        ReflectionKind.TypeAlias |
        ReflectionKind.Variable,
    )
    .filter(
      (own) =>
        !own.hasComment() &&
        !(
          /** @type {import("typedoc").DeclarationReflection} */ (
            own
          ).signatures?.some((signature) => signature.hasComment())
        ),
    );
  if (missing.length)
    throw new Error(
      `expected a docstring for each page, got none for ${missing.map((own) => own.getFullName()).join(", ")}`,
    );
}
