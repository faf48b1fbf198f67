import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  Sequential,
} from "../../src/index.js";
import {
  type Batch,
  type Loss,
  type Optimizer,
  Trainer,
  type TrainerOptions,
} from "../../src/training/index.js";
import { backends } from "../support/layers.js";
import { readGolden } from "./goldens.js";

/* Training runs of 20 steps against PyTorch's in float64: ../shared/goldens/grad/make_grad.py. */

const folder = new URL("../../../shared/goldens/grad/", import.meta.url);
const there = existsSync(folder);
const files = there
  ? readdirSync(folder).filter((name) => name.startsWith("run_"))
  : [];

const LAYERS = { Embedding, GRU, Linear, LSTM, RNN };

interface Case {
  layers: [keyof typeof LAYERS, Record<string, unknown>][];
  loss: Record<string, unknown> & { name: string };
  optimizer: Record<string, unknown> & { name: string; lr: number };
  clip_norm?: number;
  steps: number;
  losses: number[];
  norms: number[];
  lengths?: number[];
  frozen?: string[];
  accumulate?: number;
  truncate?: { steps: number; burn_in: number };
  schedule?: { warmup: number };
}

function lossOf({ name, ...o }: Case["loss"]): Loss {
  switch (name) {
    case "cross_entropy":
      return {
        name: "crossEntropy",
        ...(o["ignore_index"] === undefined
          ? {}
          : { ignore: o["ignore_index"] as number }),
        smoothing: (o["label_smoothing"] as number) ?? 0,
      };
    case "binary_cross_entropy":
      return "binaryCrossEntropy";
    case "esr":
      return {
        name: "esr",
        preEmphasis: o["pre_emphasis"] as number,
        dc: o["dc"] as number,
      };
    default:
      return name as Loss;
  }
}

function optimizerOf({
  name,
  lr,
  momentum,
  nesterov,
  weight_decay,
  betas,
  eps,
}: Case["optimizer"]): Optimizer {
  return Object.fromEntries(
    Object.entries({
      name,
      learningRate: lr,
      momentum,
      nesterov,
      weightDecay: weight_decay,
      betas,
      epsilon: eps,
    }).filter(([, value]) => value !== undefined),
  ) as unknown as Optimizer;
}

async function run(file: string, backend: "simd" | "relaxed" | "js") {
  const { tensors, found } = readGolden<Case>(
    readFileSync(new URL(file, folder)),
  );
  const get = (name: string) =>
    tensors[name] as NonNullable<(typeof tensors)[string]>;
  const model = new Sequential(
    found.layers.map(([type, options]) => new LAYERS[type](options as never)),
  );
  model.loadStateDict(
    Object.fromEntries(
      Object.keys(model.stateDict()).map((name) => [name, get(name)]),
    ),
  );
  const options: TrainerOptions = {
    loss: lossOf(found.loss),
    optimizer: optimizerOf(found.optimizer),
    clipNorm: found.clip_norm ?? Infinity,
    backend,
    ...(found.frozen && { freeze: found.frozen }),
    ...(found.accumulate && { accumulate: found.accumulate }),
    ...(found.truncate && {
      truncate: { steps: found.truncate.steps, burnIn: found.truncate.burn_in },
    }),
    ...(found.schedule && {
      schedule: {
        name: "cosine",
        warmup: found.schedule.warmup,
        steps: found.steps,
      } as const,
    }),
  };
  const trainer = new Trainer(model, options);
  const batch: Batch = {
    input: get("input"),
    target: get("target"),
    ...(found.lengths && { lengths: found.lengths }),
  };
  const losses: number[] = [];
  const norms: number[] = [];
  if (found.truncate) {
    for await (const progress of trainer.fit(batch, { epochs: 100 })) {
      if (progress.type !== "step") continue;
      losses.push(progress.loss);
      norms.push(progress.gradientNorm);
      if (losses.length === found.steps) break;
    }
  } else
    for (let step = 0; step < found.steps; step++) {
      const { loss, gradientNorm } = trainer.step(batch);
      losses.push(loss);
      norms.push(gradientNorm);
    }
  return { tensors, found, losses, norms, final: model.stateDict() };
}

describe.runIf(there).each(backends)(
  "%s: training runs against PyTorch",
  (backend) => {
    test.each(files)("%s", async (file) => {
      const { tensors, found, losses, norms, final } = await run(file, backend);
      losses.forEach((loss, i) => {
        const wanted = found.losses[i] as number;
        expect(Math.abs(loss - wanted), `loss ${i}`).toBeLessThanOrEqual(
          5e-6 * Math.max(1, wanted),
        );
        expect(norms[i]).toBeCloseTo(found.norms[i] as number, 4);
      });
      for (const [name, { data }] of Object.entries(final)) {
        const wanted = tensors[`final.${name}`]?.exact as Float64Array;
        let worst = 0;
        data.forEach(
          (value, i) =>
            (worst = Math.max(worst, Math.abs(value - (wanted[i] as number)))),
        );
        expect(worst, name).toBeLessThanOrEqual(2e-5);
        if (found.frozen?.includes(name))
          expect(data).toEqual(tensors[name]?.data);
      }
    });
  },
);

test.runIf(there)(
  "js has the bits of simd in losses, norms and weights",
  async () => {
    for (const file of files) {
      const { losses, norms, final } = await run(file, "simd");
      const js = await run(file, "js");
      expect(
        { losses: js.losses, norms: js.norms, final: js.final },
        file,
      ).toEqual({ losses, norms, final });
    }
  },
);
