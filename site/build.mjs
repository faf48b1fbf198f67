// npm run site: the docs, the reference and the playground as static files in site/dist, for any host and any folder.
//
//     npm run site                 installs what the site needs, builds the library if it is not built, and the site
//     npm run site -- --serve      and shows it
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const site = fileURLToPath(new URL("./", import.meta.url));
const root = fileURLToPath(new URL("../", import.meta.url));
const run = (/** @type {string} */ folder, /** @type {string[]} */ ...args) =>
  execFileSync("npm", args, { cwd: folder, stdio: "inherit" });

/** Whether what is installed is what the lock says. */
function installed() {
  const stamp = `${site}node_modules/.installed-lock`;
  const lock = readFileSync(`${site}package-lock.json`);
  return existsSync(stamp) && lock.equals(readFileSync(stamp));
}

if (!installed()) {
  // not npm ci: it wants the other platforms' binaries in the lock, which not every registry has
  run(site, "install", "--no-save", "--no-audit", "--no-fund");
  copyFileSync(
    `${site}package-lock.json`,
    `${site}node_modules/.installed-lock`,
  );
}
if (!existsSync(`${root}node_modules`)) run(root, "ci");
if (!existsSync(`${root}dist/index.js`)) run(root, "run", "build");

rmSync(`${site}reference`, { recursive: true, force: true });
const { writeReference } = await import("./reference.mjs");
await writeReference();
const { build } = await import("vitepress");
await build(site);

if (process.argv.includes("--serve")) {
  const { serve } = await import("./serve.mjs");
  const port = Number(process.env["PORT"] ?? 8080);
  const { origin } = await serve(`${site}dist`, port);
  console.log(origin);
}
