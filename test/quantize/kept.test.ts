import { describe, expect, test } from "vitest";
import { modelBytes } from "../onnx/support/build.js";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import { loadGraph } from "../../src/graph/index.js";
import {
  Conv1d,
  GRU,
  type Layer,
  Linear,
  LSTM,
  RNN,
  Sequential,
} from "../../src/index.js";
import { type IntegerTensor, integerTensor } from "../../src/integers.js";
import { parse } from "../../src/safetensors.js";
import { quantize } from "../../src/quantize/index.js";
import { expectSameTensor, worstError } from "../support/compare.js";
import { Random } from "../support/random.js";

/** As others round: scales of 24 bits, rows that do not reach 127, some of zeros. */
function foreign<L extends Layer>(layer: L, seed: number): L {
  const random = new Random(seed);
  const dict = layer.stateDict();
  for (const [name, { shape, data }] of Object.entries(dict)) {
    if (shape.length < 2) continue;
    const values = Int8Array.from(data, () => random.next() * 200 - 100);
    const scales = Float32Array.from(
      { length: shape[0] as number },
      () => random.next() / 250,
    );
    values.fill(0, 0, data.length / scales.length);
    dict[name] = integerTensor(shape, { values, scales });
  }
  return layer.loadStateDict(dict);
}

const precision = "int8";
const cases: Record<string, () => Layer[]> = {
  "LSTM, two layers, both directions": () => [
    new LSTM({
      inputSize: 6,
      hiddenSize: 20,
      numLayers: 2,
      direction: "bidirectional",
      precision,
    }),
  ],
  "LSTM of one feature": () => [
    new LSTM({ inputSize: 1, hiddenSize: 8, precision }),
  ],
  "GRU whose gate replaces": () => [
    new GRU({ inputSize: 6, hiddenSize: 9, updateGate: "replace", precision }),
  ],
  "RNN and Linear": () => [
    new RNN({ inputSize: 6, hiddenSize: 20, precision }),
    new Linear({ inputSize: 20, outputSize: 7, bias: false, precision }),
  ],
};

describe.each(Object.entries(cases))("%s", (_, make) => {
  const layers = make().map((layer, i) => foreign(layer, i + 1));
  const model = new Sequential(layers);
  const x = new Random(9).tensor([2, 12, model.inputSize]);
  const { output } = model.forward(x);

  test("the integers of an ONNX file come back as they are", () => {
    const { model: read, report } = load(toOnnx(model), { precision });
    expect(report.converted).toEqual([]);
    expectSameTensor(read.forward(x).output, output);
    // rounded again they would not be the same
    const wide = load(toOnnx(model)).model.save();
    const again = loadGraph(wide, { precision }).forward(x).output;
    expect(worstError(again.data, output.data)).toBeGreaterThan(0);
  });

  test("and so from a saved graph, where they are int8 too", () => {
    const saved = load(toOnnx(model), { precision }).model.save();
    expectSameTensor(loadGraph(saved).forward(x).output, output);
    const integersOf = (dict: object) =>
      Object.values(dict)
        .flatMap(({ integers }: IntegerTensor) =>
          integers ? [...integers.values].join() : [],
        )
        .flatMap((all) => all.split(","))
        .map((text) => Math.abs(Number(text)))
        .sort((a, b) => a - b);
    const own = model.layers.flatMap((layer) => integersOf(layer.stateDict()));
    const found = integersOf(parse(saved).tensors);
    expect(found).toEqual(own.sort((a, b) => a - b));
  });
});

test("integers of convolutions, with groups too", () => {
  for (const groups of [1, 2]) {
    const conv = new Conv1d({
      inputSize: 20,
      outputSize: 40,
      kernelSize: 3,
      groups,
      bias: false,
      seed: 1,
    });
    const model = new Sequential([conv]);
    const first = load(toOnnx(model), { precision }).model;
    const x = new Random(3).tensor([1, 9, 20]);
    const { output } = first.forward(x);
    expectSameTensor(loadGraph(first.save()).forward(x).output, output);
    expect(first.save().length).toBeLessThan(0.6 * model.save().length);
  }
});

test("a model that we rounded: the same bits by way of ONNX", () => {
  const { model } = quantize(
    new Sequential([
      new LSTM({ inputSize: 4, hiddenSize: 24, seed: 1 }),
      new GRU({ inputSize: 24, hiddenSize: 16, seed: 2 }),
    ]),
  );
  const x = new Random(2).tensor([3, 30, 4]);
  const { model: read } = load(toOnnx(model), { precision });
  expectSameTensor(read.forward(x).output, model.forward(x).output);
});

describe("onnxruntime's DynamicQuantizeLSTM", () => {
  test("as toOnnx writes it, to the bit", () => {
    const layers = [true, false].map((learnedState) =>
      foreign(
        new LSTM({
          inputSize: learnedState ? 3 : 16,
          hiddenSize: 8,
          direction: "bidirectional",
          learnedState,
          precision,
        }),
        4,
      ),
    );
    const model = new Sequential(layers);
    const file = toOnnx(model, { dynamic: true });
    const { model: read, report } = load(file, { precision });
    expect(report.converted.length).toBe(2);
    expect(report.converted[0]).toMatch(/not rounded to 8 bits/);
    const x = new Random(1).tensor([2, 9, 3]);
    const { output } = model.forward(x);
    expectSameTensor(read.forward(x).output, output);
    expectSameTensor(loadGraph(read.save()).forward(x).output, output);
  });

  const sizes = { inputSize: 2, hiddenSize: 3 };
  const random = new Random(5);
  const bytes = (shape: readonly number[]) =>
    Array.from({ length: shape.reduce((a, b) => a * b) }, () =>
      random.integer(0, 255),
    );
  const file = (zeros: readonly number[], inputs = 12) => {
    const weight = (name: string, shape: readonly number[]) =>
      ({ name, dtype: "uint8", shape, data: bytes(shape) }) as const;
    const scale = (name: string) =>
      ({ name, shape: [2], data: [0.01, 0.004] }) as const;
    const zero = (name: string) =>
      ({ name, dtype: "uint8", shape: [2], data: zeros }) as const;
    const initializers = [
      weight("W", [2, 2, 12]),
      weight("R", [2, 3, 12]),
      scale("Ws"),
      zero("Wz"),
      scale("Rs"),
      zero("Rz"),
    ];
    const names = ["X", "W", "R", "", "", "", "", "", "Ws", "Wz", "Rs", "Rz"];
    return {
      initializers,
      bytes: modelBytes({
        inputs: [{ name: "X", shape: ["T", "B", 2] }],
        outputs: [{ name: "Y" }],
        initializers,
        nodes: [
          {
            type: "DynamicQuantizeLSTM",
            domain: "com.microsoft",
            inputs: names.slice(0, inputs),
            outputs: ["Y"],
            attributes: { hidden_size: 3, direction: "bidirectional" },
          },
        ],
      }),
    };
  };

  test("a scale and a zero point for each direction", () => {
    const zeros = [128, 100];
    const { bytes: own, initializers } = file(zeros);
    const layer = new LSTM({ ...sizes, direction: "bidirectional" });
    const dict = layer.stateDict();
    const [W, R] = initializers;
    ["_l0", "_l0_reverse"].forEach((end, d) => {
      dict[`bias_ih${end}`]!.data.fill(0);
      dict[`bias_hh${end}`]!.data.fill(0);
      for (const [name, { shape, data }] of [
        ["weight_ih", W!],
        ["weight_hh", R!],
      ] as const) {
        const columns = shape[1]!;
        [0, 2, 3, 1].forEach((block, gate) => {
          for (let unit = 0; unit < 3; unit++)
            for (let column = 0; column < columns; column++)
              dict[name + end]!.data[(gate * 3 + unit) * columns + column] =
                (Number(data[(d * columns + column) * 12 + block * 3 + unit]) -
                  zeros[d]!) *
                Math.fround([0.01, 0.004][d]!);
        });
      }
    });
    const x = random.tensor([4, 1, 2]);
    const expected = layer
      .loadStateDict(dict)
      .forward(x, { batchFirst: false });
    const { output } = load(own).model.forward(x);
    expect(worstError(output.data, expected.output.data)).toBe(0);
  });

  test("integers beyond ±127 are rounded again, and the report says so", () => {
    const { report } = load(file([0, 0]).bytes, { precision });
    expect(report.converted.at(-1)).toMatch(/beyond ±127: rounded again/);
  });

  test("without scales it is refused", () => {
    expect(() => load(file([0, 0], 8).bytes)).toThrow(
      /expected scales of W and R/,
    );
  });
});
