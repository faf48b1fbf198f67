import { build } from "esbuild"; import {gzipSync} from "node:zlib"; import { readFileSync } from "node:fs";
const r = await build({ stdin: { contents: 'export { LSTM } from "./src/index.ts"', resolveDir: "/work/w-site" }, bundle: true, minify: true, format: "esm", write: false });
const out = Buffer.from(r.outputFiles[0].contents); const s=out.toString("utf8");
console.log(out.length, gzipSync(out).length, gzipSync(out,{level:9}).length);
for (const n of ["simd","relaxed","dot"]) { const t=readFileSync(`src/kernel/binaries/${n}.ts`,"utf8"); const m=t.match(/["'`]([\s\S]{200,260})/); const i=s.indexOf(m[1].slice(60,90)); console.log(n,i, t.slice(0,120)); }
