/**
 * A GRU that learnt to spell from a list of English words: it invents new ones and scores strings.
 *
 *     npm run build && node examples/words/words.mjs
 *     node examples/words/words.mjs gatewise grommet zzyzx       scores these instead
 */
import { readFileSync } from "node:fs";
import { Embedding, GRU, Linear, Sequential } from "gatewise";
import { parse } from "gatewise/safetensors";

// The model: torch.nn.Sequential of an Embedding, a GRU and a Linear that gives logits.
const file = readFileSync(new URL("words.safetensors", import.meta.url));
const { tensors, metadata } = parse(file);
const model = new Sequential([
  Embedding.fromStateDict(tensors, { prefix: "0." }),
  GRU.fromStateDict(tensors, { prefix: "1." }),
  Linear.fromStateDict(tensors, { prefix: "2." }),
]);

// Token 0 is the end of a word, and what a word starts from; 1 to 26 are a to z.
const { vocabulary } = metadata;
const boundary = 0;
const encode = (word) =>
  Array.from(word, (letter) => vocabulary.indexOf(letter));
const decode = (tokens) => tokens.map((token) => vocabulary[token]).join("");

/** One-to-many: from the boundary alone, letter by letter, each fed back, until the model ends the word. */
function invent(seed) {
  const tokens = model.generate({
    prompt: [boundary],
    stop: boundary,
    steps: 20,
    temperature: 0.8,
    seed,
  });
  return decode([...tokens]);
}

/** Many-to-one: the mean log-likelihood of a letter, given those before it; the end of the word is one more. */
function score(word) {
  const letters = encode(word);
  const { output } = model.forward([boundary, ...letters]);
  const [steps, vocabSize] = output.shape;
  let sum = 0;
  for (let t = 0; t < steps; t++) {
    const logits = output.data.subarray(t * vocabSize, (t + 1) * vocabSize);
    const most = Math.max(...logits);
    const total = logits.reduce((sum, x) => sum + Math.exp(x - most), 0);
    sum += logits[letters[t] ?? boundary] - most - Math.log(total);
  }
  return sum / steps;
}

const given = process.argv.slice(2);
const strings = given.length
  ? given
  : ["brindle", "stocking", "flomber", "gatewise", "xkqzj"];
const misspelt = strings.find((string) => !/^[a-z]+$/.test(string));
if (misspelt !== undefined) {
  console.error(`words: expected letters from a to z, got "${misspelt}"`);
  process.exit(1);
}

if (!given.length) {
  console.log("Invented words:");
  const words = Array.from({ length: 40 }, (_, seed) => invent(seed));
  for (let row = 0; row < words.length; row += 5) {
    const cells = words.slice(row, row + 5).map((word) => word.padEnd(15));
    console.log(`  ${cells.join("").trimEnd()}`);
  }
  console.log();
}

console.log("Log-likelihood per letter, likeliest first:");
const scored = strings.map((word) => ({ word, mean: score(word) }));
for (const { word, mean } of scored.sort((a, b) => b.mean - a.mean))
  console.log(`  ${mean.toFixed(2).padStart(6)}  ${word}`);
