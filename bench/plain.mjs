// @ts-nocheck: the compiler's unchecked-index rule would put a cast on every access of the loops below.

/**
 * RNN, LSTM, GRU and linear layers in plain JavaScript, no library: what the bench and the examples time beside
 * gatewise. Written the way a competent user would: typed arrays, weights as they come from PyTorch, biases added
 * up once, row offsets hoisted, dot products unrolled by four into four sums, nothing allocated in a step.
 *
 *      const layer = lstm({ weights, inputSize, hiddenSize })      // weights: a state dict
 *      layer.sequence(input, T)                // (T, I) → (T, H), from zeros
 *      const [h, c] = layer.zeros()
 *      layer.step(x, h, c)                     // one step: updates h and c in place, returns h
 *
 *      const model = stack([lstm(…), lstm(…), linear(…)])          // layers one above another
 *      model.sequence(input, T)
 *      model.step(x, ...model.zeros())
 *
 * rnn and gru are called like lstm, their state is h alone; linear({ weights, inputSize, outputSize }) has none.
 * A batch is a loop over its sequences.
 */

/**
 * @typedef {Readonly<Record<string, { readonly data: Float32Array }>>} Weights a state dict, by PyTorch's names
 *
 * @typedef {object} Options
 * @property {Weights} weights weight_ih_l0, weight_hh_l0 and, where the layer has biases, bias_ih_l0, bias_hh_l0
 * @property {number} inputSize
 * @property {number} hiddenSize
 * @property {string} [prefix] what stands before those names, as "0." in a model of several layers
 * @property {number} [layer] the number behind _l, 0 by default
 *
 * @typedef {object} Layer
 * @property {number} outputSize
 * @property {() => Float32Array[]} zeros the states of a sequence that begins
 * @property {(x: ArrayLike<number>, ...states: Float32Array[]) => Float32Array} step valid until the next step
 * @property {(input: Float32Array, steps: number) => Float32Array} sequence
 */

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** One row of a row-major matrix, from `offset` on, times x. */
function dot(matrix, offset, x, size) {
  const whole = size - (size % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k < whole; k += 4) {
    s0 += matrix[offset + k] * x[k];
    s1 += matrix[offset + k + 1] * x[k + 1];
    s2 += matrix[offset + k + 2] * x[k + 2];
    s3 += matrix[offset + k + 3] * x[k + 3];
  }
  for (; k < size; k++) s0 += matrix[offset + k] * x[k];
  return s0 + s1 + (s2 + s3);
}

/** The parameters of one recurrent layer; absent biases are zeros. */
function parameters({ weights, prefix = "", layer = 0 }, rows) {
  const of = (name) => weights[`${prefix}${name}_l${layer}`]?.data;
  const zeros = new Float32Array(rows);
  return {
    wih: of("weight_ih"),
    whh: of("weight_hh"),
    bih: of("bias_ih") ?? zeros,
    bhh: of("bias_hh") ?? zeros,
  };
}

const sum = (a, b) => a.map((value, index) => value + b[index]);

/** Runs `layer` over a sequence from zeros, step by step. */
function run(layer, inputSize, input, steps) {
  const states = layer.zeros();
  const { outputSize } = layer;
  const output = new Float32Array(steps * outputSize);
  for (let t = 0; t < steps; t++) {
    const x = input.subarray(t * inputSize, (t + 1) * inputSize);
    output.set(layer.step(x, ...states), t * outputSize);
  }
  return output;
}

/**
 * h' = tanh(W x + U h + b)
 *
 * @param {Options & { nonlinearity?: "tanh" | "relu" }} options
 * @returns {Layer}
 */
export function rnn({ nonlinearity = "tanh", ...options }) {
  const { inputSize, hiddenSize } = options;
  const { wih, whh, bih, bhh } = parameters(options, hiddenSize);
  const bias = sum(bih, bhh);
  const next = new Float32Array(hiddenSize);
  const layer = {
    outputSize: hiddenSize,
    zeros: () => [new Float32Array(hiddenSize)],
    step(x, h) {
      for (let j = 0; j < hiddenSize; j++) {
        const z =
          bias[j] +
          dot(wih, j * inputSize, x, inputSize) +
          dot(whh, j * hiddenSize, h, hiddenSize);
        next[j] = nonlinearity === "tanh" ? Math.tanh(z) : Math.max(0, z);
      }
      h.set(next);
      return h;
    },
    sequence: (input, steps) => run(layer, inputSize, input, steps),
  };
  return layer;
}

/**
 * i, f, o = σ(W x + U h + b) · g = tanh(W x + U h + b) · c' = f ∘ c + i ∘ g · h' = o ∘ tanh(c')
 *
 * @param {Options} options
 * @returns {Layer}
 */
export function lstm(options) {
  const { inputSize, hiddenSize } = options;
  const { wih, whh, bih, bhh } = parameters(options, 4 * hiddenSize);
  const bias = sum(bih, bhh);
  const z = new Float32Array(4 * hiddenSize); // i f g o
  const layer = {
    outputSize: hiddenSize,
    zeros: () => [new Float32Array(hiddenSize), new Float32Array(hiddenSize)],
    step(x, h, c) {
      for (let j = 0; j < 4 * hiddenSize; j++) {
        z[j] =
          bias[j] +
          dot(wih, j * inputSize, x, inputSize) +
          dot(whh, j * hiddenSize, h, hiddenSize);
      }
      for (let j = 0; j < hiddenSize; j++) {
        const i = sigmoid(z[j]);
        const f = sigmoid(z[hiddenSize + j]);
        const g = Math.tanh(z[2 * hiddenSize + j]);
        const o = sigmoid(z[3 * hiddenSize + j]);
        c[j] = f * c[j] + i * g;
        h[j] = o * Math.tanh(c[j]);
      }
      return h;
    },
    sequence: (input, steps) => run(layer, inputSize, input, steps),
  };
  return layer;
}

/**
 * r, z = σ(W x + b + U h + d) · n = tanh(W x + b + r ∘ (U h + d)) · h' = (1 - z) ∘ n + z ∘ h
 *
 * @param {Options} options
 * @returns {Layer}
 */
export function gru(options) {
  const { inputSize, hiddenSize } = options;
  const { wih, whh, bih, bhh } = parameters(options, 3 * hiddenSize);
  const zx = new Float32Array(3 * hiddenSize); // r z n, of the input
  const zh = new Float32Array(3 * hiddenSize); // and of the state
  const layer = {
    outputSize: hiddenSize,
    zeros: () => [new Float32Array(hiddenSize)],
    step(x, h) {
      for (let j = 0; j < 3 * hiddenSize; j++) {
        zx[j] = bih[j] + dot(wih, j * inputSize, x, inputSize);
        zh[j] = bhh[j] + dot(whh, j * hiddenSize, h, hiddenSize);
      }
      for (let j = 0; j < hiddenSize; j++) {
        const r = sigmoid(zx[j] + zh[j]);
        const z = sigmoid(zx[hiddenSize + j] + zh[hiddenSize + j]);
        const n = Math.tanh(
          zx[2 * hiddenSize + j] + r * zh[2 * hiddenSize + j],
        );
        h[j] = (1 - z) * n + z * h[j];
      }
      return h;
    },
    sequence: (input, steps) => run(layer, inputSize, input, steps),
  };
  return layer;
}

/**
 * y = W x + b
 *
 * @param {{ weights: Weights, inputSize: number, outputSize: number, prefix?: string }} options
 *   weights: weight and, where the layer has one, bias
 * @returns {Layer}
 */
export function linear({ weights, inputSize, outputSize, prefix = "" }) {
  const weight = weights[`${prefix}weight`].data;
  const bias = weights[`${prefix}bias`]?.data ?? new Float32Array(outputSize);
  const y = new Float32Array(outputSize);
  const layer = {
    outputSize,
    zeros: () => [],
    step(x) {
      for (let j = 0; j < outputSize; j++)
        y[j] = bias[j] + dot(weight, j * inputSize, x, inputSize);
      return y;
    },
    sequence: (input, steps) => run(layer, inputSize, input, steps),
  };
  return layer;
}

/**
 * Layers one above another.
 *
 * @param {readonly Layer[]} layers
 * @returns {Layer}
 */
export function stack(layers) {
  const counts = layers.map((layer) => layer.zeros().length);
  return {
    outputSize: layers.at(-1).outputSize,
    zeros: () => layers.flatMap((layer) => layer.zeros()),
    step(x, ...states) {
      let first = 0;
      layers.forEach((layer, index) => {
        const end = first + counts[index];
        x = layer.step(x, ...states.slice(first, end));
        first = end;
      });
      return x;
    },
    sequence: (input, steps) =>
      layers.reduce((values, layer) => layer.sequence(values, steps), input),
  };
}
