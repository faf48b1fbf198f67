import { expect, test } from "vitest";
import { load as loadOnnx } from "../../src/formats/onnx/index.js";
import { load as loadNam } from "../../src/formats/nam/index.js";
import { GraphBuilder, loadGraph } from "../../src/graph/index.js";
import { init, Linear, LSTM, Sequential } from "../../src/index.js";
import { quantize } from "../../src/quantize/index.js";
import { expectClose, expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import { ampOutputs, backend, chain, options, steps } from "./models.js";
import { openSession } from "./session.js";

const { start, read, put, done, expectFailure } = openSession();

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

test("convert writes .nam and RTNeural's JSON, which give the same", async () => {
  await done("convert", "amp.json", "amp2.json", ...backend);
  await done("convert", "amp2.json", "amp3.safetensors", ...backend);
  await init({ backend: "simd" });
  const input = [[0.5], [-0.5], [0.25]];
  const { data } = Sequential.load(read("amp3.safetensors")).forward(
    input,
  ).output;
  expectClose(data, ampOutputs.data, 1e-6);
  const lstm = new Sequential([
    new LSTM({ inputSize: 1, hiddenSize: 4 }),
    new Linear({ inputSize: 4, outputSize: 1 }),
  ]);
  put("lstm.safetensors", lstm.save());
  await done("convert", "lstm.safetensors", "lstm.nam", ...backend);
  const { model } = loadNam(read("lstm.nam"));
  expectClose(
    model.forward(input).output.data,
    lstm.forward(input).output.data,
    1e-6,
  );
});

test("what the other format has not is refused by name, and nothing is written", async () => {
  await expectFailure(
    ["convert", "chain.safetensors", "chain.nam"],
    1,
    /chain\.safetensors: .*expected .*got/,
  );
  expect(() => read("chain.nam")).toThrow(/ENOENT/);
});

test("--precision int8 writes the weights as integers", async () => {
  await done(
    "convert",
    "chain.safetensors",
    "int8.safetensors",
    "--precision",
    "int8",
    ...backend,
  );
  const model = Sequential.load(read("int8.safetensors"));
  const precisions = model.layers.map(({ precision }) => precision);
  expect(precisions).toContain("int8");
  const { data } = chain.forward(steps).output;
  expectClose(model.forward(steps).output.data, data, 0.02);
});

test.each(["nam", "json"])(
  "--precision for a format without integers is refused: %s",
  async (format) => {
    const out = `chain-int8.${format}`;
    await expectFailure(
      ["convert", "chain.safetensors", out, "--precision", "int8"],
      2,
      `--precision: expected a format that has integers, safetensors or onnx, got ${format}`,
    );
    expect(() => read(out)).toThrow(/ENOENT/);
  },
);

test("--precision int8 rounds graphs too", async () => {
  const builder = new GraphBuilder();
  const random = new Random(1);
  const x = builder.input("x", [1, 8, 9]);
  const weight = builder.constant(random.tensor([32, 8, 3]), "weight");
  builder.output(builder.add("Conv", [x, weight]), { name: "y" });
  const graph = builder.build();
  put("graph.safetensors", graph.save());
  const args = ["--precision", "int8-fast", ...backend];
  await done("convert", "graph.safetensors", "small.safetensors", ...args);
  const small = loadGraph(read("small.safetensors"));
  const { model } = quantize(graph, { precision: "int8-fast" });
  const input = { x: random.tensor([1, 8, 9]) };
  expectSameTensor(small.run(input)["y"]!, model.run(input)["y"]!);
  await expectFailure(
    ["convert", "graph.safetensors", "small.onnx", ...args],
    2,
    /--to onnx: expected a chain of layers, got a graph/,
  );
});
