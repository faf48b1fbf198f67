import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/load/index.js";
import { load as loadNam, toNam } from "../../src/formats/nam/index.js";
import { load as loadOnnx, toOnnx } from "../../src/formats/onnx/index.js";
import { GRU, type Layer, Linear, Sequential } from "../../src/index.js";
import { initialize, Trainer } from "../../src/training/index.js";
import { numbers } from "./support.js";

/*
 * Models from files of other frameworks: what is frozen stays to the bit, a new head learns from a few examples, and then
 * all of it, the old layers slowly.
 */

const fixture = (name: string) =>
  readFileSync(new URL(`../${name}`, import.meta.url));

const FILES: Record<string, () => Uint8Array> = {
  "PyTorch, .pt": () => fixture("torch/fixtures/double.pt"),
  "Keras, .h5": () => fixture("keras/fixtures/keras2-lstm.h5"),
  "Keras, .keras, bidirectional": () =>
    fixture("keras/fixtures/keras2.12.keras"),
  "Neural Amp Modeler, .nam": () => fixture("audio/fixtures/amp.nam"),
};

/** Sequences of which a class depends on their first step: few, and not what the file was trained for. */
function examplesOf(inputSize: number, lastOnly: boolean) {
  const steps = 6;
  return Array.from({ length: 8 }, (_, i) => {
    const input = numbers(i + 1, steps, inputSize);
    const id = Number((input.data[0] as number) > 0);
    return { input, target: lastOnly ? id : Array(steps).fill(id) };
  });
}

const weightsOf = (layers: readonly Layer[]) =>
  layers.map((layer) => layer.stateDict());

describe.each(Object.entries(FILES))("%s", (_, bytes) => {
  const begin = () => {
    const { model } = load(bytes());
    const { layers } = model as Sequential;
    const body = layers.slice(0, -1);
    const last = body.at(-1) as Layer;
    const head = new Linear({
      inputSize: last.outputSize,
      outputSize: 2,
      seed: 7,
    });
    initialize(head, { seed: 7 });
    const tuned = new Sequential([...body, head]);
    const [first] = body as [Layer];
    const lastOnly = body.some((layer) => layer.lastOnly);
    return {
      body,
      tuned,
      examples: examplesOf(first.inputSize, lastOnly),
      freeze: body.map((__, index) => `${index}.`),
    };
  };

  test("a new head learns, and the rest stays to the bit", async () => {
    const { body, tuned, examples, freeze } = begin();
    const before = weightsOf(body);
    const trainer = new Trainer(tuned, {
      loss: "crossEntropy",
      optimizer: { name: "adamw", learningRate: 0.05 },
      freeze,
    });
    const { loss } = await trainer.evaluate(examples);
    await trainer.fit(examples, { epochs: 40, batchSize: 8 });
    expect(weightsOf(body)).toEqual(before);
    expect((await trainer.evaluate(examples)).loss).toBeLessThan(loss);
  });

  test("all of it learns them by heart, the old layers at a tenth of the rate", async () => {
    const { body, tuned, examples, freeze } = begin();
    const before = weightsOf(body);
    const trainer = new Trainer(tuned, {
      loss: "crossEntropy",
      optimizer: { name: "adam", learningRate: 0.1 },
      learningRates: Object.fromEntries(freeze.map((name) => [name, 0.3])),
    });
    await trainer.fit(examples, { epochs: 120, batchSize: 8 });
    const { metrics } = await trainer.evaluate(examples, {
      metrics: ["accuracy"],
    });
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    expect(weightsOf(body)).not.toEqual(before);
  });
});

test("an amplifier's head is tuned and written as .nam again, its cells to the bit", async () => {
  const { model } = loadNam(fixture("audio/fixtures/amp.nam"));
  const chain = model as Sequential;
  const [cells, head] = chain.layers as [Layer, Layer];
  const before = [cells.stateDict(), head.stateDict()];
  const input = numbers(1, 2, 200, 1);
  const louder = chain.forward(input).output;
  const target = { ...louder, data: louder.data.map((y) => y * 1.5 + 0.1) };
  const trainer = new Trainer(chain, {
    loss: "esr",
    optimizer: { name: "adam", learningRate: 0.02 },
    freeze: ["0."],
  });
  const batch = { input, target };
  const start = trainer.step(batch).loss;
  for (let i = 0; i < 150; i++) trainer.step(batch);
  expect((await trainer.evaluate(batch)).loss).toBeLessThan(start / 20);
  expect(cells.stateDict()).toEqual(before[0]);
  expect(head.stateDict()).not.toEqual(before[1]);
  const read = loadNam(toNam(chain)).model as Sequential;
  expect(read.forward(input).output).toEqual(chain.forward(input).output);
});

test("a graph is refused by name of its first node, with what is trained", () => {
  const { model } = loadOnnx(
    toOnnx(new Sequential([new GRU({ inputSize: 3, hiddenSize: 5, seed: 1 })])),
  );
  expect(() => new Trainer(model as never, { loss: "mse" })).toThrow(
    'model: expected a Sequential or a layer, got a graph that begins with Transpose "/Transpose_0"',
  );
});
