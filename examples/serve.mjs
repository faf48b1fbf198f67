/**
 * Serves an example's page from this machine: AudioWorklets and microphones need a page from localhost or over https.
 */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
};
const SERVED = ["dist", "examples"].map((folder) => root + folder + sep);

/**
 * @param {string} page where / leads
 * @param {Readonly<Record<string, string>>} [files] other files by the paths under which the page finds them
 */
export function serve(page, files = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/") {
      response.writeHead(302, { location: page }).end();
      return;
    }
    try {
      const file = files[pathname] ?? inFolders(pathname);
      if (!statSync(file).isFile()) throw new Error("no file");
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, {
        "content-type": type,
        // cross-origin isolated, which SharedArrayBuffer and exact clocks need
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      });
      createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
    const { port } = /** @type {import("node:net").AddressInfo} */ (
      server.address()
    );
    console.log(`http://localhost:${port}/`);
  });
}

/** @param {string} pathname */
function inFolders(pathname) {
  const file = fileURLToPath(new URL(`.${pathname}`, `file://${root}`));
  if (SERVED.some((folder) => file.startsWith(folder))) return file;
  throw new Error("not served");
}
