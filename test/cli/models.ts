/** Models and numbers that the program's tests go through. `simd` has the same bits here and there, whatever the machine. */
import { load } from "../../src/formats/rtneural/index.js";
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  Masking,
  Sequential,
} from "../../src/index.js";
import { bytesOf, rtneuralFile } from "../audio/files.js";
import { Random } from "../support/random.js";

export const backend = ["--backend", "simd"];
export const options = { backend: "simd" } as const;

export const chain = new Sequential([
  new LSTM({ inputSize: 2, hiddenSize: 6, ...options }),
  new Linear({ inputSize: 6, outputSize: 3, activation: "tanh", ...options }),
]);
export const both = new Sequential([
  new GRU({
    inputSize: 2,
    hiddenSize: 4,
    direction: "bidirectional",
    ...options,
  }),
]);
export const speller = new Sequential([
  new Embedding({ vocabSize: 9, size: 3 }),
  new GRU({ inputSize: 3, hiddenSize: 4, ...options }),
]);
export const masked = new Sequential([
  new Masking(),
  new LSTM({ inputSize: 2, hiddenSize: 4, ...options }),
  new Linear({ inputSize: 4, outputSize: 3, ...options }),
]);
export const maskedSpeller = new Sequential([
  new Embedding({ vocabSize: 9, size: 3, maskZero: true }),
  new GRU({ inputSize: 3, hiddenSize: 4, ...options }),
]);
export const ampFile = rtneuralFile(1, {
  metadata: { samplerate: "44100" },
  input_batch: [0.5, -0.5, 0.25],
});
export const amp = load(bytesOf(ampFile), options).model;
export const ampOutputs = amp.forward([[0.5], [-0.5], [0.25]]).output;

const random = new Random(5);
export const steps = random.tensor([50, 2]);
export const rows = random.tensor([40, 7, 2]);
