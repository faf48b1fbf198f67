/**
 * An encoder-decoder with attention: dates as people write them → 2024-03-14.
 *
 *     npm run build && node examples/dates/dates.mjs "the 3rd of may, '98" "7/4/1976"
 *
 * train.py beside it made the weights. The encoder reads the letters both ways; the decoder writes token by token, looking
 * each time at the letters that its state points to (Luong et al. 2015), and beam search follows its likeliest answers.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Embedding, GRU, Linear, LSTM, Sequential } from "gatewise";
import { beamSearch } from "gatewise/decode";
import { parse } from "gatewise/safetensors";

const INPUT = " ,./-'0123456789abcdefghijklmnopqrstuvwxyz"; // from token 1 on
const OUTPUT = "0123456789-"; // from token 2 on
const START = 0;
const STOP = 1;

const file = new URL("dates.safetensors", import.meta.url);
const { tensors } = parse(readFileSync(file));
const of = (prefix) => ({ prefix });
const encoder = new Sequential([
  Embedding.fromStateDict(tensors, of("letters.")),
  GRU.fromStateDict(tensors, of("encoder.")),
]);
const decoder = new Sequential([
  Embedding.fromStateDict(tensors, of("tokens.")),
  LSTM.fromStateDict(tensors, of("decoder.")),
]);
const last = Linear.fromStateDict(tensors, of("last."));

/** The decoder with what the encoder made of a text: what beamSearch takes for a stream. */
export class Answer {
  /** @param {Float32Array[]} encoded a row a letter @param stream of the decoder */
  constructor(encoded, stream) {
    this.encoded = encoded;
    this.stream = stream;
  }

  step(token) {
    const h = this.stream.step(token);
    const scores = this.encoded.map((row) => dot(row, h));
    const most = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - most));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const context = new Float32Array(h.length);
    this.encoded.forEach((row, t) => {
      for (let i = 0; i < row.length; i++)
        context[i] += (weights[t] / total) * row[i];
    });
    return last.forward([...context, ...h]).output.data;
  }

  fork() {
    return new Answer(this.encoded, this.stream.fork());
  }

  dispose() {
    this.stream.dispose();
  }
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** @param {readonly number[]} letters tokens of the input */
export function answerTo(letters) {
  const { output } = encoder.forward(letters);
  const [steps, size] = output.shape;
  const rows = Array.from({ length: steps }, (_, t) =>
    output.data.subarray(t * size, (t + 1) * size),
  );
  return new Answer(rows, decoder.stream());
}

/** @param {string} text @returns the likeliest dates, best first, with their probability */
export function dates(text, beams = 4) {
  const letters = [...text.toLowerCase()].map((letter) => {
    const token = 1 + INPUT.indexOf(letter);
    if (token) return token;
    throw new RangeError(
      `text: expected letters, digits and ,./-', got ${letter}`,
    );
  });
  const options = { start: START, stop: STOP, beams, steps: 12 };
  return beamSearch(answerTo(letters), options).map(({ tokens, score }) => ({
    date: tokens.map((token) => OUTPUT[token - 2]).join(""),
    probability: Math.exp(score),
  }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const given = process.argv.slice(2);
  const texts = given.length
    ? given
    : ["March 14, 2024", "the 3rd of may, '98", "4.7.1976", "1999/12/31"];
  for (const text of texts) {
    const found = dates(text).map(
      ({ date, probability }) =>
        `${date} (${(100 * probability).toFixed(1)} %)`,
    );
    console.log(`${text} → ${found.slice(0, 2).join(", ")}`);
  }
}
