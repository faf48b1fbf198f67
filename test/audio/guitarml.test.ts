import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/nam/index.js";
import {
  GRU,
  Linear,
  LSTM,
  RNN,
  type StateDict,
  tensor,
} from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { Random } from "../support/random.js";
import { bytesOf, expectRefused, guitarMlFile } from "./files.js";

const units = { LSTM, GRU, RNN };

describe.each(["LSTM", "GRU", "RNN"] as const)("GuitarML's %s", (unit) => {
  test.each([
    { inputs: 1, hidden: 5, layers: 1, skip: 1, bias: true },
    { inputs: 3, hidden: 4, layers: 2, skip: 1, bias: true },
    { inputs: 2, hidden: 4, layers: 1, skip: 0, bias: false },
  ])("of %j is lin(rec(x)), and x besides", (sizes) => {
    const file = guitarMlFile(unit, sizes);
    const dict: StateDict = Object.fromEntries(
      Object.entries(file.state_dict).map(([name, value]) => [
        name,
        tensor(value as number[]),
      ]),
    );
    const rec = units[unit].fromStateDict(dict, { prefix: "rec." });
    const lin = Linear.fromStateDict(dict, { prefix: "lin." });
    const input = new Random(1).tensor([200, sizes.inputs]);
    const { model, report, sampleRate } = load(bytesOf(file));
    const plain = lin.forward(rec.forward(input).output).output.data;
    expectClose(
      model.forward(input).output.data,
      plain.map((y, t) => y + sizes.skip * input.data[t * sizes.inputs]!),
      1e-6,
    );
    expect(model.inputSize).toBe(sizes.inputs);
    expect(sampleRate).toBeNull();
    expect(report.format).toBe("guitarml");
    expect(report.layers.map((layer) => layer.type)).toEqual([unit, "Linear"]);
    const knobs = sizes.inputs - 1;
    expect(report.layers[0]!.convention).toBe(
      `PyTorch: two biases${knobs ? `, ${knobs} of the inputs are knobs` : ""}`,
    );
  });
});

test("without `skip` it is the trainer's default, 1, and a warning says so", () => {
  const file = guitarMlFile("LSTM");
  const whole = load(bytesOf(file)).model;
  const { skip: _, ...rest } = file.model_data;
  const { model, report } = load(bytesOf({ ...file, model_data: rest }));
  expect(report.warnings).toEqual([
    "no skip: 1 is assumed, the trainer's default",
  ]);
  const input = [[0.5], [0.25]];
  expect(model.forward(input)).toEqual(whole.forward(input));
});

describe("refused", () => {
  const refusals: [string, string, (value: any) => void][] = [
    [
      "another network, by name",
      'model_data.model: expected SimpleRNN, got "GatedConvNet"',
      (value) => (value.model_data.model = "GatedConvNet"),
    ],
    [
      "another unit, by name",
      'model_data.unit_type: expected LSTM, GRU or RNN, got "toString"',
      (value) => (value.model_data.unit_type = "toString"),
    ],
    [
      "sizes that are not those of the weights",
      'state_dict["rec.weight_ih_l0"]: expected a list of length 24, got an array of length 20',
      (value) => (value.model_data.hidden_size = 6),
    ],
    [
      "sizes beyond all measure",
      'state_dict["rec.weight_ih_l0"]: expected a list of length 4000000000000',
      (value) => (value.model_data.hidden_size = 1e12),
    ],
    [
      "layers that are not there",
      'state_dict["rec.weight_ih_l1"]: expected a list of length 20, got nothing',
      (value) => (value.model_data.num_layers = 2 ** 40),
    ],
    [
      "a missing bias of the recurrent layer",
      'state_dict["rec.bias_hh_l0"]: expected a list of length 20, got nothing',
      (value) => delete value.state_dict["rec.bias_hh_l0"],
    ],
    [
      "more inputs to add than there are",
      "model_data.skip: expected 0, or one input for each of 1 outputs, got 2",
      (value) => (value.model_data.skip = 2),
    ],
    [
      "no state dict",
      "state_dict: expected an object, got nothing",
      (value) => delete value.state_dict,
    ],
  ];
  test.each(refusals)("%s", (_, message, change) => {
    const file = guitarMlFile("LSTM");
    change(file);
    expectRefused(load, file, message);
  });
});
