// A server of static files, gzipped as most hosts do it.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { createGzip } from "node:zlib";

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".wasm": "application/wasm",
};
const PACKED = /\.(html|m?js|css|json|svg|wasm)$/;

/**
 * @param {string} folder
 * @param {number} port 0: any that is free
 * @param {string} [base] the path that the files are under
 * @returns {Promise<{ origin: string, close: () => void }>} the address, base included
 */
export function serve(folder, port, base = "/") {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const inside = pathname.startsWith(base) ? pathname.slice(base.length) : "";
    const name = normalize(`/${decodeURIComponent(inside)}`);
    let file = join(folder, name.endsWith("/") ? `${name}index.html` : name);
    const found =
      pathname.startsWith(base) && existsSync(file) && statSync(file).isFile();
    if (!found) file = join(folder, "404.html");
    const accepts = String(request.headers["accept-encoding"] ?? "");
    const packed = PACKED.test(file) && accepts.includes("gzip");
    response.writeHead(found ? 200 : 404, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      ...(packed && { "content-encoding": "gzip" }),
      "cache-control": name.startsWith("/assets/")
        ? "public, max-age=31536000, immutable"
        : "no-cache",
    });
    const stream = createReadStream(file);
    if (packed) stream.pipe(createGzip()).pipe(response);
    else stream.pipe(response);
  });
  return new Promise((resolve) =>
    server.listen(port, () => {
      const address = /** @type {{ port: number }} */ (server.address());
      resolve({
        origin: `http://localhost:${address.port}${base}`,
        close: () => void server.close(),
      });
    }),
  );
}
