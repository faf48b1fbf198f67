import { describe, expect, test } from "vitest";
import type { Sequential } from "../../src/index.js";
import { load } from "../../src/formats/keras/index.js";
import { load as loadTfjs } from "../../src/formats/tfjs/index.js";
import { filled, layersModel } from "../tfjs/build.js";
import { optionsFor, readFixture } from "./files.js";

const reportOf = (name: string) =>
  load(readFixture(name), optionsFor(name)).report;

describe("the report", () => {
  test("as text", () => {
    expect(String(reportOf("keras3-lstm.keras"))).toBe(`keras by Keras 3.9.2
  lstm: LSTM, inputSize 3, units 5; gates i f c o, kernel [in, 4 · units], one bias, sigmoid and tanh, every step
  lstm_1: LSTM, inputSize 5, units 4; gates i f c o, kernel [in, 4 · units], one bias, sigmoid and tanh, last step
  dense: Dense, inputSize 4, units 2; kernel [in, units], bias, softmax
ignored:
  dropout: Dropout, which does nothing after training`);
  });

  test("as JSON", () => {
    const report = reportOf("keras2-old.h5");
    expect(JSON.parse(JSON.stringify(report))).toEqual({ ...report });
    expect(report.producer).toBe("Keras 2.2.2");
    expect(report.layers[0]).toEqual({
      name: "gru_1",
      type: "GRU",
      sizes: { inputSize: 3, units: 5 },
      convention:
        "gates z r h, kernel [in, 3 · units], one bias, reset before, hardSigmoid (alpha 0.2, beta 0.5) and tanh, every step",
    });
  });

  test("which conventions were found", () => {
    const conventions = (name: string) =>
      reportOf(name).layers.map(({ convention }) => convention);
    expect(conventions("keras2-cudnn.h5")).toEqual([
      "gates i f c o, cuDNN's matrices, two biases, sigmoid and tanh, every step",
      "gates z r h, cuDNN's matrices, two biases, reset after, sigmoid and tanh, last step",
    ]);
    expect(conventions("keras3-hard-sigmoid.keras")[0]).toContain(
      "hardSigmoid (alpha 0.1667, beta 0.5) and tanh",
    );
    expect(conventions("keras3-gru.keras")).toEqual([
      "gates z r h, kernel [in, 3 · units], two biases, reset after, sigmoid and tanh, every step",
      "gates z r h, kernel [in, 3 · units], no bias, reset before, sigmoid and tanh, last step",
      "kernel [in, units], no bias, linear",
    ]);
  });

  test("what became something else", () => {
    expect(reportOf("keras3-others.keras").converted).toEqual([
      "time_distributed_dense: a TimeDistributed Dense is a Linear, which runs at every step anyway",
      "leaky_re_lu: leakyRelu (alpha 0.3) is now the activation of time_distributed_dense",
      "softmax: softmax is now the activation of dense_1",
    ]);
    expect(reportOf("keras3-others.keras").ignored).toEqual([
      "flatten: Flatten of one step",
    ]);
  });

  test("who wrote weights alone, by the config that was given", () => {
    expect(reportOf("keras2-only.h5").producer).toBe("Keras 2.10.0");
    expect(reportOf("keras3-only.weights.h5").producer).toBe("Keras 3");
  });

  test("what the caller has to do: states", () => {
    const lstm = {
      class_name: "LSTM",
      config: {
        units: 1,
        activation: "tanh",
        recurrent_activation: "sigmoid",
        stateful: true,
        return_state: true,
        dropout: 0.25,
      },
      weights: {
        kernel: filled(1, 2, 4),
        recurrent_kernel: filled(1, 1, 4),
        bias: filled(1, 4),
      },
    };
    const { report } = loadTfjs(layersModel([lstm]));
    expect(report.warnings).toEqual([
      "layer0: stateful: no state is kept between calls; pass forward the state that the previous call returned, or use a stream",
    ]);
    expect(report.converted).toEqual([
      "layer0: return_state: forward returns the state of every layer",
    ]);
    expect(report.ignored).toEqual(["layer0: dropout 0.25"]);
  });
});

describe("a loaded model", () => {
  test("is saved and loaded again, and streams", async () => {
    const { Sequential } = await import("../../src/index.js");
    const { model } = load(readFixture("keras3-lstm.keras"));
    const again = Sequential.load(model.save());
    const input = [
      [0.1, 0.2, 0.3],
      [0.4, 0.5, 0.6],
    ];
    const expected = model.forward(input).output.data;
    expect(again.forward(input).output.data).toEqual(expected);
    const stream = model.stream();
    stream.step(input[0]!);
    expect(stream.step(input[1]!)).toEqual(expected);
  });

  test("takes a file at any offset, and leaves it as it was", () => {
    const file = readFixture("keras2-lstm.h5");
    const moved = new Uint8Array(file.length + 3);
    moved.set(file, 3);
    const [a, b] = [file.buffer, moved.subarray(3)].map((bytes) =>
      (load(bytes).model as Sequential).stateDict(),
    );
    expect(a).toEqual(b);
    expect(file).toEqual(readFixture("keras2-lstm.h5"));
  });
});
