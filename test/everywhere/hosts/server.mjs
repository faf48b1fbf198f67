// Serves a folder to the browsers. What is under /strict/ comes with a CSP that forbids WebAssembly.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

const STRICT = "/strict/";

/** @param {string} folder */
export async function serve(folder) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const isStrict = pathname.startsWith(STRICT);
    const path = isStrict ? pathname.slice(STRICT.length - 1) : pathname;
    const file = normalize(
      join(folder, path.endsWith("/") ? `${path}index.html` : path),
    );
    try {
      const body = await readFile(file);
      response.writeHead(200, {
        "content-type": TYPES[extname(file)] ?? "application/octet-stream",
        "cache-control": "no-store",
        ...(isStrict && { "content-security-policy": "script-src 'self'" }),
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(null)),
  );
  const address = server.address();
  const port = typeof address === "object" ? address?.port : address;
  return {
    origin: `http://localhost:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
