// @ts-nocheck: what it imports is installed by npm run bench:peers alone.

/**
 * Whole ONNX models beside onnxruntime-web on one thread: node bench/peers/graphs.mjs [NAME], after npm run build.
 * The models are those of ../shared/conformance/models and of @ricky0123/vad-web (in the folder VAD); what is absent is
 * named at the end.
 */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-web";
import { currentBackend } from "../../dist/index.js";
import { load } from "../../dist/formats/onnx/index.js";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const path = (to) => fileURLToPath(new URL(to, import.meta.url));
const shared = path("../../../shared/conformance/models/onnx/");
const vad = process.env["VAD"] ?? path("node_modules/@ricky0123/vad-web/dist/");

const floats = (...shape) => ({
  type: "float32",
  shape,
  data: Float32Array.from(
    { length: shape.reduce((all, n) => all * n, 1) },
    (_, i) => Math.sin(i * 0.37 + 1) * Math.cos(i * i) * 0.1,
  ),
});
const rate = { type: "int64", shape: [], data: [16000] };
const text = {
  type: "uint8",
  shape: [1, 78],
  data: Array.from({ length: 78 }, (_, i) => 97 + (i % 26)),
};

const cases = {
  "silero op15": [
    `${shared}silero_vad_16k_op15.onnx`,
    { input: floats(1, 576), state: floats(2, 1, 128), sr: rate },
  ],
  "silero v5": [
    `${vad}silero_vad_v5.onnx`,
    { input: floats(1, 512), state: floats(2, 1, 128), sr: rate },
  ],
  "silero v6": [
    `${vad}silero_vad_v6.onnx`,
    { input: floats(1, 576), state: floats(2, 1, 128), sr: rate },
  ],
  "silero legacy": [
    `${vad}silero_vad_legacy.onnx`,
    {
      input: floats(1, 1536),
      h: floats(2, 1, 64),
      c: floats(2, 1, 64),
      sr: rate,
    },
  ],
  "dtln 1": [
    `${shared}dtln_model_1.onnx`,
    { input_2: floats(1, 1, 257), input_3: floats(1, 2, 128, 2) },
  ],
  "dtln 2": [
    `${shared}dtln_model_2.onnx`,
    { input_4: floats(1, 1, 512), input_5: floats(1, 2, 128, 2) },
  ],
  gtcrn: [
    `${shared}gtcrn_simple.onnx`,
    {
      mix: floats(1, 257, 1, 2),
      conv_cache: floats(2, 1, 16, 16, 33),
      tra_cache: floats(2, 3, 1, 1, 16),
      inter_cache: floats(2, 1, 33, 16),
    },
  ],
  nnsplit: [`${shared}nnsplit_en.onnx`, { input: text }],
};

/** Microseconds a call: the best of rounds of 30 ms, so that other programs hardly matter; by then all is compiled. */
async function timed(run) {
  for (const end = performance.now() + 700; performance.now() < end;)
    await run();
  let best = Infinity;
  for (let round = 0; round < 25; round++) {
    const count = round ? Math.max(1, Math.ceil(30_000 / best)) : 3;
    const start = performance.now();
    for (let i = 0; i < count; i++) await run();
    best = Math.min(best, (1000 * (performance.now() - start)) / count);
  }
  return best;
}

function tensorOf({ type, shape, data }) {
  const Data = { int64: BigInt64Array, uint8: Uint8Array }[type];
  const numbers = type === "int64" ? data.map(BigInt) : data;
  return new ort.Tensor(type, Data ? Data.from(numbers) : data, shape);
}

const [, , only] = process.argv;
const rows = [];
const absent = [];
for (const [name, [file, inputs]] of Object.entries(cases)) {
  if (only && !name.startsWith(only)) continue;
  if (!existsSync(file)) {
    absent.push(`${name}: ${file}`);
    continue;
  }
  const bytes = new Uint8Array(readFileSync(file));
  const { model } = load(bytes);
  const given = Object.fromEntries(
    Object.entries(inputs).map(([key, { shape, data }]) => [
      key,
      { shape, data },
    ]),
  );
  const ours = await timed(() => model.run(given));
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ["wasm"],
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [key, tensorOf(value)]),
  );
  const theirs = await timed(() => session.run(feeds));
  rows.push({
    model: name,
    [currentBackend()]: Math.round(ours),
    "onnxruntime-web": Math.round(theirs),
    share: (ours / theirs).toFixed(2),
  });
}
console.log(`Node ${process.version}, microseconds a call`);
console.table(rows);
if (absent.length)
  console.log(
    `left out, since there is no such file (npm ci --prefix bench/peers brings Silero's):\n  ${absent.join("\n  ")}`,
  );
if (!rows.length) process.exitCode = 1;
