/**
 * Trains the amplifier of amp.mjs again, in JavaScript: what train.py says, chunk after chunk with the state carried over.
 *
 *     npm run build && node examples/amp/train.mjs [FILE]        writes the model to FILE, in two minutes on one core
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Linear, LSTM, Sequential } from "gatewise";
import { Trainer } from "gatewise/train";
import { amplifier, generator, playing, RATE } from "./amplifier.mjs";

const HIDDEN = 40;
const UPDATES = 2500;
const CHUNK = 512;
const SEED = 3;

/** Signals as one batch, [B, T, 1]. */
const batchOf = (signals) => ({
  shape: [signals.length, signals[0].length, 1],
  data: Float32Array.from(signals.flatMap((signal) => [...signal])),
});
const pairs = (count, seconds, random) => {
  const inputs = Array.from({ length: count }, () => playing(seconds, random));
  return { input: batchOf(inputs), target: batchOf(inputs.map(amplifier)) };
};
const heard = pairs(96, 1.5, generator(SEED));
const unheard = pairs(8, 2, generator(SEED + 1));

const model = new Sequential([
  new LSTM({ inputSize: 1, hiddenSize: HIDDEN, seed: SEED }),
  new Linear({ inputSize: HIDDEN, outputSize: 1, seed: SEED }),
]);
const trainer = new Trainer(model, {
  // higher frequencies weigh more, as they do to the ear
  loss: [{ loss: { name: "esr", preEmphasis: 0.85 } }, { loss: "esr" }],
  optimizer: { name: "adam", learningRate: 8e-3 },
  schedule: { name: "cosine", warmup: UPDATES / 10, steps: UPDATES },
  truncate: { steps: CHUNK },
  seed: SEED,
});
const perPass = 3 * Math.ceil((1.5 * RATE) / CHUNK); // 96 rows, 32 at a time
const start = performance.now();
let mean = 0;
for await (const progress of trainer.fit(heard, {
  epochs: Math.ceil(UPDATES / perPass),
  batchSize: 32,
})) {
  if (progress.type !== "step") continue;
  const { step, loss } = progress;
  mean = step === 1 ? loss : 0.95 * mean + 0.05 * loss;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  if (step % 100 === 0)
    console.log(`${step} updates, ${seconds} s, loss ${mean.toFixed(4)}`);
  if (step === UPDATES) break;
}

/** Error to signal over what neither model heard. */
async function errorOf(own) {
  const evaluation = await new Trainer(own, { loss: "esr" }).evaluate(unheard, {
    metrics: ["esr"],
  });
  return evaluation.metrics.esr;
}
const shipped = Sequential.load(
  readFileSync(new URL("amp.safetensors", import.meta.url)),
);
const percent = (share) => `${(100 * share).toFixed(2)} %`;
const error = await errorOf(model);
console.log(
  `error to signal on what it never heard: ${percent(error)}; PyTorch's weights, on the same: ${percent(await errorOf(shipped))}`,
);
const [, , file] = process.argv;
if (file)
  writeFileSync(
    file,
    model.save({
      sample_rate: String(RATE),
      error_to_signal: error.toFixed(4),
      source: "gatewise, examples/amp/train.mjs",
    }),
  );
