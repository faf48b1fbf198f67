/**
 * Trains the character GRU of words.mjs again, in JavaScript, from train.py's list of words: as long again, and with
 * dropout, which train.py has not: 2.577 bits per character of the words held out, which are looked at once, at the end.
 *
 *     apt-get install wamerican && npm run build
 *     node examples/words/train.mjs [FILE]           writes the model to FILE, in six minutes on one core
 *     node examples/words/train.mjs --validate       trains on a twentieth less and tells of that, epoch by epoch: what
 *                                                    epochs and dropout were chosen by
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Embedding, GRU, Linear, Sequential } from "gatewise";
import { parse } from "gatewise/safetensors";
import { initialize, Trainer } from "gatewise/train";
import { shuffledAsPython } from "./python.mjs";

const DICTIONARY = "/usr/share/dict/american-english";
const EPOCHS = 20;
const BATCH = 256;
const DROPOUT = 0.1; // of what the GRU gives: 2.589 bits in validation, where 12 epochs without it came to 2.614
const SEED = 27;

if (!existsSync(DICTIONARY)) {
  console.error(
    `train.mjs: expected ${DICTIONARY}, got nothing: apt-get install wamerican`,
  );
  process.exit(1);
}
const shipped = parse(
  readFileSync(new URL("words.safetensors", import.meta.url)),
).metadata;
const { vocabulary } = shipped;

// train.py's shuffle: the words held out are those that PyTorch's weights were not trained on either
const words = shuffledAsPython(
  readFileSync(DICTIONARY, "utf8")
    .split("\n")
    .filter((word) => /^[a-z]{2,14}$/.test(word)),
  27,
);

/** A word goes in as 0, w1, …, wn; what should come out is w1, …, wn, 0. */
const examples = words.map((word) => {
  const letters = Array.from(word, (letter) => vocabulary.indexOf(letter));
  return { input: [0, ...letters], target: [...letters, 0] };
});
const held = Math.floor(words.length / 20);
const validates = process.argv.includes("--validate");
const unseen = examples.slice(0, held);
const validation = examples.slice(held, 2 * held);
const seen = examples.slice(validates ? 2 * held : held);
console.log(`${seen.length} words to train on, ${held} held out`);

const model = new Sequential([
  new Embedding({ vocabSize: vocabulary.length, size: 24 }),
  new GRU({ inputSize: 24, hiddenSize: 128 }),
  new Linear({ inputSize: 128, outputSize: vocabulary.length }),
]);
initialize(model, { seed: SEED });
const steps = EPOCHS * Math.ceil(seen.length / BATCH);
const trainer = new Trainer(model, {
  loss: "crossEntropy",
  optimizer: { name: "adam", learningRate: 6e-3 },
  schedule: { name: "cosine", warmup: Math.round(steps / 10), steps },
  dropout: { 1: { output: DROPOUT } },
  seed: SEED,
});
const bits = (nats) => (nats / Math.LN2).toFixed(4);
const start = performance.now();
const fit = trainer.fit(seen, {
  epochs: EPOCHS,
  batchSize: BATCH,
  ...(validates && { validation, restoreBest: false }),
});
for await (const progress of fit) {
  if (progress.type !== "epoch") continue;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const told = validates
    ? `validation ${bits(progress.validation.loss)}`
    : `trained on, with dropout, ${bits(progress.loss)}`;
  console.log(
    `epoch ${String(progress.epoch).padStart(2)}, ${seconds} s: ${told} bits per character`,
  );
}
if (validates) process.exit();

const { loss } = await trainer.evaluate(unseen);
console.log(
  `held out: ${bits(loss)} bits per character; PyTorch's weights, of the same words: ${shipped.held_out_bits_per_character}`,
);
const [, , file] = process.argv;
if (file)
  writeFileSync(
    file,
    model.save({
      vocabulary,
      held_out_bits_per_character: bits(loss),
      source: "gatewise, examples/words/train.mjs",
    }),
  );
