import { build } from "esbuild";
import { gzipSync } from "node:zlib";
const code = process.argv[2];
const r = await build({ stdin: { contents: code, resolveDir: "/work/ci" }, bundle: true, minify: true, format: "esm", write: false, metafile: true, platform: "browser", target: "es2022", external: ["node:*"] });
const out = Object.values(r.metafile.outputs)[0];
const rows = Object.entries(out.inputs).map(([f, { bytesInOutput }]) => [bytesInOutput, f]).sort((a, b) => b[0] - a[0]);
console.log(r.outputFiles[0].contents.length, gzipSync(r.outputFiles[0].contents, { level: 9 }).length);
for (const [b, f] of rows.slice(0, +process.argv[3] || 40)) console.log(b, f);
