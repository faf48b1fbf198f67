import { describe, expect, test } from "vitest";
import { readNpy, writeNpy } from "../../src/formats/numpy/npy.js";
import { Sequential, type Tensor } from "../../src/index.js";
import { expectSameTensor } from "../support/compare.js";
import { anyModels } from "../support/models.js";
import { Random } from "../support/random.js";
import { backend, masked, maskedSpeller, rows, steps } from "./models.js";
import { openSession } from "./session.js";

// `run` takes every kind of model, whether it can be a stream or not.

const { put, read, done, expectFailure } = openSession();
const numbers = (name: string) =>
  Float32Array.from(read(name).toString().trim().split(/[\n,]/).map(Number));

describe("run, models that mask steps", () => {
  const zeroed = { shape: steps.shape, data: steps.data.slice() };
  zeroed.data.fill(0, 10, 16);
  const csv = Array.from({ length: 50 }, (_, t) =>
    zeroed.data.subarray(2 * t, 2 * t + 2).join(","),
  ).join("\n");

  test("csv and npy, whole", async () => {
    put("masked.safetensors", masked.save());
    put("zeroed.csv", csv);
    put("zeroed.npy", writeNpy(zeroed));
    const expected = masked.forward(zeroed).output;
    const args = ["run", "masked.safetensors"];
    await done(...args, "zeroed.csv", "o.csv", ...backend);
    expect(numbers("o.csv")).toEqual(expected.data);
    await done(...args, "zeroed.csv", "w.csv", "--whole", ...backend);
    expect(numbers("w.csv")).toEqual(expected.data);
    await done(...args, "zeroed.csv", "o.npy", ...backend);
    expectSameTensor(readNpy(read("o.npy")), expected);
    await done(...args, "zeroed.npy", "p.npy", ...backend);
    expectSameTensor(readNpy(read("p.npy")), expected);
    put("batch.npy", writeNpy(rows));
    await done(...args, "batch.npy", "b.npy", ...backend);
    expectSameTensor(readNpy(read("b.npy")), masked.forward(rows).output);
  });

  test("tokens", async () => {
    put("speller0.safetensors", maskedSpeller.save());
    const tokens = { shape: [6], data: Float32Array.of(3, 0, 1, 0, 8, 2) };
    put("tokens.npy", writeNpy(tokens));
    await done(
      "run",
      "speller0.safetensors",
      "tokens.npy",
      "t.npy",
      ...backend,
    );
    expectSameTensor(
      readNpy(read("t.npy")),
      maskedSpeller.forward(tokens).output,
    );
  });

  test("one line per step is refused with the way out", async () => {
    await expectFailure(
      ["run", "masked.safetensors", "zeroed.csv", "s.csv", "--stream"],
      2,
      /needs whole sequences; expected --whole/,
    );
  });
});

test.each(Object.entries(anyModels))("run, %s", async (_, make) => {
  const model = new Sequential(make());
  put("any.safetensors", model.save());
  const input: Tensor = new Random(3).tensor([9, 3]);
  put("any.npy", writeNpy(input));
  await done("run", "any.safetensors", "any.npy", "any-out.npy");
  expectSameTensor(readNpy(read("any-out.npy")), model.forward(input).output);
});
