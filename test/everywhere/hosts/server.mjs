// Serves a folder to the browsers. What is under /strict/ comes with a CSP that forbids WebAssembly, what is under
// /isolated/ with the headers for which a page gets SharedArrayBuffer.
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

/** @type {Record<string, Record<string, string>>} */
const HEADERS = {
  strict: { "content-security-policy": "script-src 'self'" },
  isolated: { "cross-origin-opener-policy": "same-origin" },
};

/** @param {string} folder */
export async function serve(folder) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [, first = ""] = pathname.split("/");
    const headers = HEADERS[first];
    const path = headers ? pathname.slice(first.length + 1) : pathname;
    const file = normalize(
      join(folder, path.endsWith("/") ? `${path}index.html` : path),
    );
    try {
      const body = await readFile(file);
      response.writeHead(200, {
        "content-type": TYPES[extname(file)] ?? "application/octet-stream",
        "cache-control": "no-store",
        // all files, or an isolated page could not load them
        "cross-origin-embedder-policy": "require-corp",
        ...headers,
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
