import { expect, test } from "vitest";
import { GRU, Linear, LSTM, Sequential } from "../../src/index.js";
import { applyGradients, record } from "../../src/training/index.js";
import { numbers, smallModel } from "./support.js";

const input = numbers(1, 2, 4, 3);

test("it gives what forward gives, of batches, lengths and states too", () => {
  const model = smallModel();
  const first = model.forward(input);
  for (const options of [{}, { lengths: [4, 2] }, { state: first.state }]) {
    const tape = record(model, input, options);
    const { output, state } = model.forward(input, options);
    expect(tape.output.shape).toEqual(output.shape);
    tape.output.data.forEach((y, i) =>
      expect(y).toBeCloseTo(output.data[i] as number, 5),
    );
    expect(tape.state.length).toBe(state.length);
    state[0]?.hidden.data.forEach((h, i) =>
      expect(tape.state[0]?.hidden.data[i]).toBeCloseTo(h, 5),
    );
  }
  expect(record(model, numbers(1, 4, 3)).output.shape).toEqual([4, 2]);
});

test("learned states are parameters; input and states have gradients where they are asked for", () => {
  const layer = new GRU({
    inputSize: 3,
    hiddenSize: 2,
    learnedState: true,
    seed: 1,
  });
  const tape = record(layer, input);
  const { output } = tape;
  const back = tape.backward({ output });
  expect(Object.keys(back.parameters)).toEqual(Object.keys(layer.stateDict()));
  expect(back.parameters["hidden0_l0"]?.data.some((x) => x !== 0)).toBe(true);
  expect(back.input).toBeNull();
  expect(back.state).toBeNull();
  const { state } = layer.forward(input);
  const again = record(layer, input, { state: [state] });
  const all = again.backward(
    { output: again.output, state: [state] },
    { input: true, state: true },
  );
  expect(all.input?.shape).toEqual(input.shape);
  expect(all.state?.[0]?.hidden.shape).toEqual(state.hidden.shape);
  // rows that were given a state have none of the learned one
  expect(all.parameters["hidden0_l0"]?.data.every((x) => x === 0)).toBe(true);
});

test("what is frozen has no gradient, and so no step", () => {
  const model = new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 4, seed: 1 }),
    new Linear({ inputSize: 4, outputSize: 2, seed: 1 }),
  ]);
  const tape = record(model, input);
  const { output } = tape;
  const { parameters } = tape.backward({ output }, { freeze: ["0."] });
  expect(Object.keys(parameters)).toEqual(["1.weight", "1.bias"]);
  const before = model.stateDict();
  applyGradients(model, parameters, { name: "sgd", learningRate: 0.1 });
  const after = model.stateDict();
  expect(after["0.weight_hh_l0"]).toEqual(before["0.weight_hh_l0"]);
  expect(after["1.weight"]).not.toEqual(before["1.weight"]);
});

test("a tape is of the weights that it was recorded with", () => {
  const model = smallModel();
  const tape = record(model, input);
  const { output } = tape;
  model.loadStateDict(smallModel(2).stateDict());
  expect(() => tape.backward({ output })).toThrow(
    "backward: expected the weights of the run forward, got others",
  );
});

test("a dropout that no layer would look at is refused", () => {
  const run = (dropout: object) => () =>
    record(smallModel(), input, { dropout: dropout as never });
  expect(run({ 7: { input: 0.1 } })).toThrow("dropout: expected indices");
  expect(run({ 1: { recurrent: 0.1 } })).toThrow("dropout[1]: expected only");
  expect(run({ 0: { input: 2 } })).toThrow("dropout[0].input: expected");
});
