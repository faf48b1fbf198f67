/**
 * Trains the character GRU of words.mjs again, in JavaScript: what train.py says, from the same list of words.
 *
 *     apt-get install wamerican && npm run build
 *     node examples/words/train.mjs [FILE]           writes the model to FILE, in two minutes on one core
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Embedding, GRU, Linear, Sequential } from "gatewise";
import { parse } from "gatewise/safetensors";
import { Trainer } from "gatewise/train";

const DICTIONARY = "/usr/share/dict/american-english";
const EPOCHS = 12;
const BATCH = 256;
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

/** Numbers from 0 to 1, the same in every run (Park and Miller). */
let state = SEED;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
const words = readFileSync(DICTIONARY, "utf8")
  .split("\n")
  .filter((word) => /^[a-z]{2,14}$/.test(word));
for (let i = words.length - 1; i > 0; i--) {
  const other = Math.floor(random() * (i + 1));
  [words[i], words[other]] = [words[other], words[i]];
}

/** A word goes in as 0, w1, …, wn; what should come out is w1, …, wn, 0. */
const examples = words.map((word) => {
  const letters = Array.from(word, (letter) => vocabulary.indexOf(letter));
  return { input: [0, ...letters], target: [...letters, 0] };
});
const held = Math.floor(words.length / 20);
const unseen = examples.slice(0, held);
const seen = examples.slice(held);
console.log(`${seen.length} words to train on, ${held} held out`);

const model = new Sequential([
  new Embedding({ vocabSize: vocabulary.length, size: 24, seed: SEED }),
  new GRU({ inputSize: 24, hiddenSize: 128, seed: SEED }),
  new Linear({ inputSize: 128, outputSize: vocabulary.length, seed: SEED }),
]);
const steps = EPOCHS * Math.ceil(seen.length / BATCH);
const trainer = new Trainer(model, {
  loss: "crossEntropy",
  optimizer: { name: "adam", learningRate: 6e-3 },
  schedule: { name: "cosine", warmup: Math.round(steps / 10), steps },
  seed: SEED,
});
const bits = (nats) => (nats / Math.LN2).toFixed(4);
const start = performance.now();
const fit = trainer.fit(seen, {
  epochs: EPOCHS,
  batchSize: BATCH,
  validation: unseen,
});
let best = Infinity;
for await (const progress of fit) {
  if (progress.type !== "epoch") continue;
  best = Math.min(best, progress.validation.loss);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `epoch ${String(progress.epoch).padStart(2)}, ${seconds} s: held out ${bits(progress.validation.loss)} bits per character`,
  );
}
console.log(
  `held out: ${bits(best)} bits per character; PyTorch's weights, of words held out from them: ${shipped.held_out_bits_per_character}`,
);
const [, , file] = process.argv;
if (file)
  writeFileSync(
    file,
    model.save({
      vocabulary,
      held_out_bits_per_character: bits(best),
      source: "gatewise, examples/words/train.mjs",
    }),
  );
