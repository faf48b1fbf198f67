/**
 * Serves this page. An AudioWorklet runs on pages from localhost or over https, not on files.
 *
 *     npm run build && node examples/amp/serve.mjs
 */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
};
const served = ["dist", "examples"].map((folder) => root + folder + sep);

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/") {
    response.writeHead(302, { location: "/examples/amp/index.html" }).end();
    return;
  }
  try {
    const file = fileURLToPath(new URL(`.${pathname}`, `file://${root}`));
    if (!served.some((folder) => file.startsWith(folder))) throw new Error();
    if (!statSync(file).isFile()) throw new Error();
    const type = types[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type });
    createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404).end("not found");
  }
});

server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  const { port } = server.address();
  console.log(`http://localhost:${port}/`);
});
