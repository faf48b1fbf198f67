import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { GRU, init, LSTM, RNN } from "../../src/index.js";
import { type Model, record } from "../../src/training/index.js";
import { readGolden } from "./goldens.js";
import { backends } from "../support/layers.js";

/*
 * Gradients against PyTorch's autograd in float64, of 40 layers of torch.nn and 15 cells that it does not have. The head
 * of ../shared/goldens/grad/make_grad.py says what each file has.
 */

const folder = new URL("../../../shared/goldens/grad/", import.meta.url);
const there = existsSync(folder);
const files = there
  ? readdirSync(folder).filter((name) => /^(torch|own)_/.test(name))
  : [];

const LAYERS = { RNN, LSTM, GRU };

interface Case {
  layer: keyof typeof LAYERS;
  options: Record<string, unknown>;
  kind: "torch" | "own";
  batched: boolean;
  lengths?: number[];
  mask?: number[][];
  float32_error: Record<string, number>;
  scale: Record<string, number>;
}

/** PyTorch's argument names, as gatewise has them. */
function optionsOf({ kind, options: o }: Case): Record<string, unknown> {
  if (kind === "own") return o;
  return {
    inputSize: o["input_size"],
    hiddenSize: o["hidden_size"],
    numLayers: o["num_layers"],
    bias: o["bias"],
    ...(o["bidirectional"] ? { direction: "bidirectional" } : {}),
    ...(o["nonlinearity"] ? { nonlinearity: o["nonlinearity"] } : {}),
    ...(o["proj_size"] ? { projSize: o["proj_size"] } : {}),
  };
}

function gradientsOf(file: string) {
  const { tensors, found } = readGolden<Case>(
    readFileSync(new URL(file, folder)),
  );
  const get = (name: string) =>
    tensors[name] as NonNullable<(typeof tensors)[string]>;
  const { layer, lengths, mask } = found;
  const Layer = LAYERS[layer] as new (options: never) => LSTM;
  const model = new Layer(optionsOf(found) as never);
  const names = Object.keys(model.stateDict());
  model.loadStateDict(
    Object.fromEntries(names.map((name) => [name, get(name)])),
  );
  const state = tensors["h0"]
    ? [{ hidden: get("h0"), ...(tensors["c0"] && { cell: get("c0") }) }]
    : undefined;
  const tape = record(model as Model, get("input"), {
    ...(state && { state }),
    ...(lengths && { lengths }),
    ...(mask && { mask }),
  });
  const {
    parameters,
    input,
    state: start,
  } = tape.backward(
    {
      output: get("loss.output"),
      state: [
        {
          hidden: get("loss.hn"),
          ...(tensors["loss.cn"] && { cell: get("loss.cn") }),
        },
      ],
    },
    { input: true, state: true },
  );
  const gradients: Record<string, Float32Array | undefined> = {
    input: input?.data,
  };
  for (const name of names) gradients[name] = parameters[name]?.data;
  if (state) {
    gradients["h0"] = start?.[0]?.hidden.data;
    if (tensors["c0"]) gradients["c0"] = start?.[0]?.cell?.data;
  }
  return { gradients, tensors, found };
}

describe.runIf(there).each(backends)(
  "%s: gradients against PyTorch",
  (backend) => {
    test.each(files)("%s", async (file) => {
      await init({ backend });
      const { gradients, tensors, found } = gradientsOf(file);
      for (const [name, values] of Object.entries(gradients)) {
        const wanted = tensors[`grad.${name}`]?.exact as ArrayLike<number>;
        const tolerance = Math.max(
          4 * (found.float32_error[name] as number),
          2e-6 * Math.max(1, found.scale[name] as number),
        );
        expect(values?.length, name).toBe(wanted.length);
        let worst = 0;
        values?.forEach((value, i) => {
          worst = Math.max(worst, Math.abs(value - (wanted[i] as number)));
          if (!Number.isFinite(value)) worst = Number.NaN;
        });
        expect(
          worst,
          `${name}: share of the tolerance ${worst / tolerance}`,
        ).toBeLessThanOrEqual(tolerance);
      }
    });
  },
);

test.runIf(there)("js has the bits of simd in every gradient", async () => {
  for (const file of files) {
    await init({ backend: "simd" });
    const simd = gradientsOf(file).gradients;
    await init({ backend: "js" });
    expect(gradientsOf(file).gradients, file).toEqual(simd);
  }
});
