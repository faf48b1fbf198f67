import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/nam/index.js";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { expectClose, expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import { tolerances } from "../support/tolerances.js";
import { bytesOf, expectRefused, namFile, rtneuralFile } from "./files.js";

type File = ReturnType<typeof namFile>;
const changed = (change: (value: any) => void) => {
  const value = namFile();
  change(value);
  return value;
};

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** NAM's approximation, as its source states it. */
function fastTanh(x: number): number {
  const a = Math.abs(x);
  const square = x * x;
  return (
    (x *
      (2.45550750702956 +
        2.45550750702956 * a +
        (0.893229853513558 + 0.821226666969744 * a) * square)) /
    (2.44506634652299 +
      (2.44506634652299 + square) * Math.abs(x + 0.814642734961073 * x * a))
  );
}

/** The file's samples through the file's numbers, one after the other, in float64: NAM's own loop. */
function reference(
  { config, weights }: File,
  frames: readonly (readonly number[])[],
  tanh: (x: number) => number,
  squash: (x: number) => number,
): number[] {
  const { hidden_size: H, num_layers: L } = config;
  let at = 0;
  const take = (count: number) => weights.slice(at, (at += count));
  const cells = Array.from({ length: L }, (_, layer) => {
    const width = (layer ? H : config.input_size) + H;
    const w = Array.from({ length: 4 * H }, () => take(width));
    return { w, b: take(4 * H), h: take(H), c: take(H) };
  });
  const outputs = config.out_channels ?? 1;
  const head = Array.from({ length: outputs }, () => take(H));
  const bias = take(outputs);
  expect(at).toBe(weights.length);
  return frames.flatMap((frame) => {
    let x: readonly number[] = frame;
    for (const cell of cells) {
      const xh = [...x, ...cell.h];
      const z = cell.w.map((row, i) =>
        row.reduce((sum, w, k) => sum + w * xh[k]!, cell.b[i]!),
      );
      cell.c = cell.c.map(
        (c, i) => squash(z[H + i]!) * c + squash(z[i]!) * tanh(z[2 * H + i]!),
      );
      cell.h = cell.c.map((c, i) => squash(z[3 * H + i]!) * tanh(c));
      x = cell.h;
    }
    return head.map((row, o) =>
      row.reduce((sum, w, k) => sum + w * x[k]!, bias[o]!),
    );
  });
}

describe("a .nam file", () => {
  const random = new Random(11);
  test.each([
    { inputs: 1, hidden: 4, layers: 1, outputs: 1 },
    { inputs: 1, hidden: 5, layers: 3, outputs: 1 },
    { inputs: 2, hidden: 3, layers: 2, outputs: 2 },
  ])("of %j is what NAM's own loop gives", (sizes) => {
    const file = namFile(sizes);
    const input = random.tensor([300, sizes.inputs]);
    const frames = Array.from({ length: 300 }, (_, t) => [
      ...input.data.subarray(t * sizes.inputs, (t + 1) * sizes.inputs),
    ]);
    const exact = load(bytesOf(file)).model.forward(input).output;
    expect(exact.shape).toEqual([300, sizes.outputs]);
    expectClose(
      exact.data,
      reference(file, frames, Math.tanh, sigmoid),
      tolerances.equations,
    );
    const fast = load(bytesOf(file), { fastTanh: true }).model;
    const half = (x: number) => 0.5 * (fastTanh(x / 2) + 1);
    expectClose(
      fast.forward(input).output.data,
      reference(file, frames, fastTanh, half),
      tolerances.equations,
    );
  });

  test("starts from its own state, in streams and after reset too, and is saved with it", () => {
    const { model } = load(bytesOf(namFile()));
    const silence = { shape: [1, 1], data: new Float32Array(1) };
    const first = model.forward(silence).output;
    const stream = model.stream();
    expect(stream.step([0])).toEqual(first.data);
    stream.step([1]);
    stream.reset();
    expect(stream.step([0])).toEqual(first.data);
    const loaded = Sequential.load(model.save());
    expectSameTensor(loaded.forward(silence).output, first);
  });

  test("is an LSTM and a Linear, and the report says so", () => {
    const { model, report, sampleRate, cases } = load(bytesOf(namFile()));
    expect(model.layers.map((layer) => layer.constructor)).toEqual([
      LSTM,
      Linear,
    ]);
    expect(sampleRate).toBe(48_000);
    expect(cases).toEqual([]);
    expect(report).toMatchObject({
      format: "nam",
      producer: "Neural Amp Modeler",
      version: "0.5.4",
      layers: [
        { type: "LSTM", sizes: { inputSize: 1, hiddenSize: 4, numLayers: 1 } },
        { type: "Linear", sizes: { inputSize: 4, outputSize: 1 } },
      ],
      warnings: [],
    });
  });

  test("without a sample rate it is read, with a warning", () => {
    const file: Record<string, unknown> = namFile();
    delete file["sample_rate"];
    const { report, sampleRate } = load(bytesOf(file));
    expect(sampleRate).toBeNull();
    expect(report.warnings).toEqual([
      "no sample_rate: probably 48000 Hz, which NAM's trainer used",
    ]);
  });

  test.each([
    [1, []],
    [
      2,
      [
        "input_size 2, but no in_channels: NAM's plug-in only feeds the first input",
      ],
    ],
  ])("of %i inputs without in_channels", (inputs, warnings) => {
    const file = namFile({ inputs });
    const { in_channels: _, ...config } = file.config as Record<
      string,
      unknown
    >;
    const { report } = load(bytesOf({ ...file, config }));
    expect(report.warnings).toEqual(warnings);
  });

  test.each(["0.5.0", "0.5.4", "0.6.1", "0.7.0"])(
    "of version %s",
    (version) => {
      expect(load(bytesOf(namFile({ version }))).report.version).toBe(version);
    },
  );
});

describe("refused", () => {
  test.each([
    ["WaveNet", ", a network of dilated convolutions"],
    ["ConvNet", ", a network of convolutions"],
    ["Linear", ", an impulse response"],
    ["SlimmableContainer", ", a container of several models"],
    ["CatLSTM", ", an LSTM with knobs, which only NAM's trainer has"],
    ["Transformer", ""],
  ])("the architecture %s, by name", (architecture, what) => {
    expectRefused(
      load,
      namFile({ architecture }),
      `architecture: expected LSTM, got "${architecture}"${what}`,
    );
  });

  test.each(["0.4.0", "0.8.0", "1.0.0", "0.5", "x", "0.5.4\n"])(
    "version %j",
    (version) => {
      expectRefused(
        load,
        namFile({ version }),
        `version: expected 0.5.0 to 0.7, got ${JSON.stringify(version)}`,
      );
    },
  );

  const refusals: [string, string, (value: any) => void][] = [
    [
      "a number too few",
      "weights: expected 109 numbers for input_size 1, hidden_size 4, num_layers 1 and 1 outputs, got 108",
      (value) => value.weights.pop(),
    ],
    [
      "a number too many",
      "weights: expected 109 numbers for input_size 1, hidden_size 4, num_layers 1 and 1 outputs, got 110",
      (value) => value.weights.push(0),
    ],
    [
      "sizes beyond all measure, before anything is made",
      "weights: expected ",
      (value) => (value.config.hidden_size = 2 ** 50),
    ],
    [
      "layers beyond all measure",
      "weights: expected ",
      (value) => (value.config.num_layers = 2 ** 50),
    ],
    [
      "no layers",
      "config.num_layers: expected an integer of at least 1, got 0",
      (value) => (value.config.num_layers = 0),
    ],
    [
      "half a unit",
      "config.hidden_size: expected an integer of at least 1, got 1.5",
      (value) => (value.config.hidden_size = 1.5),
    ],
    [
      "channels that are not the inputs",
      "config.in_channels: expected input_size, 1, got 2",
      (value) => (value.config.in_channels = 2),
    ],
    [
      "what is no number",
      'weights[3]: expected a number, got "0.5"',
      (value) => (value.weights[3] = "0.5"),
    ],
    [
      "NaN, which JSON has as null",
      "weights[0]: expected a number, got null",
      (value) => (value.weights[0] = NaN),
    ],
    [
      "no weights",
      "weights: expected a list, got nothing",
      (value) => delete value.weights,
    ],
    [
      "no config",
      "config: expected an object, got nothing",
      (value) => delete value.config,
    ],
    [
      "a sample rate of -1",
      "sample_rate: expected hertz, got -1",
      (value) => (value.sample_rate = -1),
    ],
  ];
  test.each(refusals)("%s", (_, message, change) => {
    expectRefused(load, changed(change), message);
  });

  test("a file of neither kind", () => {
    expectRefused(
      load,
      { tensors: 1, metadata: {} },
      "file: expected architecture (.nam), model_data (GuitarML) or layers (AIDA-X), got tensors, metadata",
    );
    expectRefused(load, {}, /got nothing$/);
  });

  test("options of another kind", () => {
    const bytes = bytesOf(namFile());
    expect(() => load(bytes, { fastTanh: 1 as never })).toThrow(
      "fastTanh: expected true or false, got 1",
    );
    expect(() => load(bytes, { backend: "gpu" as never })).toThrow(RangeError);
    expect(() => load(bytes, { fastTan: true } as never)).toThrow(
      'options: expected only fastTanh, backend, got "fastTan"',
    );
  });
});

describe("AIDA-X's files", () => {
  const single = new Random(8).tensor([40, 1]);

  test("are read as RTNeural's", () => {
    const { model, report } = load(bytesOf(rtneuralFile()));
    expect(report.format).toBe("rtneural");
    expect(model.forward(single).output.shape).toEqual([40, 1]);
  });

  test("with in_skip 1 the input is added to the output", () => {
    const outputOf = (more: object) =>
      load(bytesOf(rtneuralFile(1, more))).model.forward(single).output.data;
    const plain = outputOf({});
    expect(outputOf({ in_skip: 1 })).toEqual(
      plain.map((y, t) => y + single.data[t]!),
    );
    expect(outputOf({ in_skip: 0 })).toEqual(plain);
  });

  test("gains that cancel out leave the input that is added as it is", () => {
    const { model } = load(
      bytesOf(rtneuralFile(1, { in_skip: 1, in_gain: 6, out_gain: -6 })),
    );
    const gain = 10 ** (6 / 20);
    const amplified = {
      shape: [40, 1],
      data: single.data.map((x) => x * gain),
    };
    const inner = load(bytesOf(rtneuralFile())).model.forward(amplified).output;
    expectClose(
      model.forward(single).output.data,
      inner.data.map((y, t) => y / gain + single.data[t]!),
      1e-6,
    );
    expectRefused(
      load,
      rtneuralFile(1, { in_skip: 1, out_gain: 6 }),
      "in_skip: expected in_gain and out_gain that cancel out, got a factor of 1.995",
    );
    expectRefused(
      load,
      rtneuralFile(1, { in_skip: 2 }),
      "in_skip: expected 0 or 1, got 2",
    );
  });
});
