import { builtinModules } from "node:module";

const BUILTIN = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);

/**
 * Lets packages in CommonJS require Node's own modules by an import. esbuild would give them a `require` that asks the
 * host for its own, and put that into the chunk that all entries share: a page's, too.
 *
 * @type {import("esbuild").Plugin}
 */
export const requireByImport = {
  name: "require by import",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: BUILTIN }, ({ kind, path, namespace }) =>
      kind === "require-call"
        ? {
            path,
            namespace: namespace === "required" ? "imported" : "required",
          }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)}).default;`,
    }));
    onLoad({ filter: /.*/, namespace: "imported" }, ({ path }) => ({
      contents: `export { default } from ${JSON.stringify(`node:${path.replace("node:", "")}`)};`,
    }));
  },
};
