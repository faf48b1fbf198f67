/**
 * Serves this page, and English of Tesseract where this machine has it: Debian's tesseract-ocr-eng, or any .traineddata
 * file that is named.
 *
 *     npm run build && node examples/read/serve.mjs [file.traineddata]
 */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const model =
  process.argv[2] ?? "/usr/share/tesseract-ocr/5/tessdata/eng.traineddata";
const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".png": "image/png",
};
const served = ["dist", "examples"].map((folder) => root + folder + sep);

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/") {
    response.writeHead(302, { location: "/examples/read/index.html" }).end();
    return;
  }
  try {
    const file =
      pathname === "/model.traineddata"
        ? model
        : fileURLToPath(new URL(`.${pathname}`, `file://${root}`));
    const allowed = file === model || served.some((f) => file.startsWith(f));
    if (!allowed || !statSync(file).isFile()) throw new Error();
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
