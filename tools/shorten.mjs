import { minify } from "terser";

/**
 * Shortens the names of local variables: an eighth of the package. Those of functions and classes stay, for stack traces.
 * esbuild would write them beside each class as well, which a bundler takes for a side effect, and the class would then
 * be in every bundle.
 *
 * @param {string} code of an ES module
 */
export async function shortenLocals(code) {
  const shortened = await minify(code, {
    module: true,
    compress: false,
    // as a module's, the names of its own classes would be shortened too
    mangle: { module: false, keep_classnames: true, keep_fnames: true },
    format: {
      comments: false,
      preserve_annotations: true,
      // Node prints the line that an error was thrown from: 5 kB if a file is one line
      max_line_len: 120,
    },
  });
  return shortened.code ?? "";
}
