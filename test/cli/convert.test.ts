import { expect, test } from "vitest";
import { load as loadOnnx } from "../../src/formats/onnx/index.js";
import { init, Sequential } from "../../src/index.js";
import { expectClose, expectSameTensor } from "../support/compare.js";
import { ampOutputs, backend, chain, options, steps } from "./models.js";
import { openSession } from "./session.js";

const { start, read, done } = openSession();

test("convert writes a safetensors file with the same outputs", async () => {
  const { code, stdout } = await start(
    "convert",
    "amp.json",
    "amp.safetensors",
    "--json",
  );
  expect(code).toBe(0);
  const bytes = read("amp.safetensors");
  expect(JSON.parse(stdout)).toMatchObject({
    out: "amp.safetensors",
    format: "safetensors",
    bytes: bytes.length,
    report: { format: "rtneural" },
  });
  const input = [[0.5], [-0.5], [0.25]];
  await init({ backend: "simd" });
  expectSameTensor(Sequential.load(bytes).forward(input).output, ampOutputs);
});

test("convert writes ONNX, which gives the same", async () => {
  await done("convert", "chain.safetensors", "chain.onnx", ...backend);
  const graph = loadOnnx(read("chain.onnx"), options).model;
  const [name] = graph.outputs.map((output) => output.name);
  const input = { shape: [1, 50, 2], data: steps.data };
  const { data } = graph.run({ input })[name!]!;
  expectClose(data, chain.forward(steps).output.data, 1e-6);
});
