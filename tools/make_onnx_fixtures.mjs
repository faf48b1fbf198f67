// @ts-nocheck: onnxruntime is installed by npm run bench:peers alone.

/*
 * What onnxruntime makes of the nodes in test/onnx/support/node-cases.ts: test/onnx/fixtures/nodes.json.
 *
 *     (cd bench/peers && npm ci) && node tools/make_onnx_fixtures.mjs
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "esbuild";

const root = new URL("..", import.meta.url);
const require = createRequire(new URL("bench/peers/package.json", root));
const { InferenceSession, Tensor } = require("onnxruntime-node");

const bundle = await build({
  stdin: {
    contents: `export * from "./build.js"; export * from "./node-cases.js";`,
    resolveDir: new URL("test/onnx/support", root).pathname,
  },
  bundle: true,
  format: "esm",
  write: false,
});
const code = Buffer.from(bundle.outputFiles[0]?.contents ?? []);
const { modelBytes, nodeCases } = await import(
  `data:text/javascript;base64,${code.toString("base64")}`
);

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

function toTensor({ dtype, shape, data }) {
  const values =
    dtype === "int64"
      ? BigInt64Array.from(data, BigInt)
      : ARRAYS[dtype].from(data);
  return new Tensor(dtype, values, shape);
}

const results = {};
for (const { name, opset, node, inputs } of nodeCases) {
  const bytes = modelBytes({
    opset,
    ir: 7,
    nodes: [node],
    inputs: Object.entries(inputs).map(([key, value]) => ({
      name: key,
      dtype: value.dtype,
      shape: value.shape,
    })),
    outputs: node.outputs.map((output) => ({ name: output, dtype: null })),
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [key, toTensor(value)]),
  );
  try {
    const session = await InferenceSession.create(bytes, {
      logSeverityLevel: 3,
    });
    const outputs = await session.run(feeds);
    if (results[name]) throw new Error("the name occurs twice");
    results[name] = node.outputs.map((key) => ({
      shape: outputs[key].dims,
      dtype: outputs[key].type,
      data: Array.from(outputs[key].data, Number),
    }));
  } catch (error) {
    console.error(`${name}: ${error.message}`);
  }
}
const folder = new URL("test/onnx/fixtures/", root);
mkdirSync(folder, { recursive: true });
const lines = Object.entries(results).map(
  ([name, outputs]) => `${JSON.stringify(name)}: ${JSON.stringify(outputs)}`,
);
writeFileSync(new URL("nodes.json", folder), `{\n${lines.join(",\n")}\n}\n`);
console.log(`${lines.length} of ${nodeCases.length} cases`);
