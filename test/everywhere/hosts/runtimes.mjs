// Where tools/install-runtimes.sh puts things.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { PATIENCE } from "./net.mjs";
import { repository } from "../stage.mjs";

const folder = join(repository, "tools/runtimes/");
const { resolve } = createRequire(join(folder, "package.json"));

/** The path of a file of a runtime's package; undefined where it is not installed. */
export const inPackages = (/** @type {string} */ path) => {
  const found = join(folder, "node_modules", path);
  return existsSync(found) ? found : undefined;
};

/** The first of these that exists. */
export const firstOf = (/** @type {readonly string[]} */ ...paths) =>
  paths.find((path) => existsSync(path));

/**
 * A package of tools/runtimes, which the root install does not have.
 *
 * @param {string} name
 * @returns {Promise<any>}
 */
export const load = (name) => import(pathToFileURL(resolve(name)).href);

const run = promisify(execFile);

/**
 * What a program prints.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import("node:child_process").ExecFileOptions} [options]
 */
export async function output(program, args, options) {
  const { stdout } = await run(program, [...args], {
    maxBuffer: 1 << 26,
    timeout: PATIENCE,
    ...options,
  });
  return String(stdout);
}

/** The first thing in a text that looks like a version. */
export const versionIn = (/** @type {string} */ text) =>
  /\d+(\.\d+)+\S*|\d{4}-\d\d-\d\d/.exec(text)?.[0] ?? "?";
