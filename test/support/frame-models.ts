/** Small networks on frames, whose outputs are known. */
import { Linear, LSTM, Sequential } from "../../src/index.js";

/** Gives what it takes, times `gain`. */
export function unchanged(size: number, gain = 1): Sequential {
  const linear = new Linear({ inputSize: size, outputSize: size, bias: false });
  const weight = new Float32Array(size * size);
  for (let i = 0; i < size; i++) weight[i * size + i] = gain;
  linear.loadStateDict({ weight: { shape: [size, size], data: weight } });
  return new Sequential([linear]);
}

/** Gives `values` whatever it takes. */
export function constant(inputSize: number, values: Float32Array): Sequential {
  const size = values.length;
  const linear = new Linear({ inputSize, outputSize: size });
  const weight = new Float32Array(size * inputSize);
  linear.loadStateDict({
    weight: { shape: [size, inputSize], data: weight },
    bias: { shape: [size], data: values },
  });
  return new Sequential([linear]);
}

/** A number for a frame, by a network with a state. */
export function detector(frameSamples: number): Sequential {
  return new Sequential([
    new LSTM({ inputSize: frameSamples, hiddenSize: 4, seed: 1 }),
    new Linear({ inputSize: 4, outputSize: 1, seed: 2 }),
  ]);
}

/** A mask of a spectrum of `size / 2 + 1` magnitudes, between 0 and 1, by a network with a state. */
export function masker(size: number, seed = 1): Sequential {
  const bins = size / 2 + 1;
  return new Sequential([
    new LSTM({ inputSize: bins, hiddenSize: 8, seed }),
    new Linear({ inputSize: 8, outputSize: bins, activation: "sigmoid", seed }),
  ]);
}
