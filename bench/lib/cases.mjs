/** The layers that gatewise and its peers are compared on, and the ratios to reach. */

/**
 * @typedef {"LSTM" | "GRU" | "RNN"} Kind
 *
 * @typedef {object} Case
 * @property {Kind} kind
 * @property {number} batch
 * @property {number} steps
 * @property {number} inputSize
 * @property {number} hiddenSize
 * @property {{ relaxed: number, simd: number }} target onnxruntime-web's time over ours: relaxed (Node 24), simd (Node 20)
 */

/**
 * @param {Kind} kind
 * @param {number} batch
 * @param {number} steps
 * @param {number} inputSize
 * @param {number} hiddenSize
 * @param {number} relaxed
 * @param {number} simd
 * @returns {Case}
 */
const of = (kind, batch, steps, inputSize, hiddenSize, relaxed, simd) => ({
  kind,
  batch,
  steps,
  inputSize,
  hiddenSize,
  target: { relaxed, simd },
});

export const CASES = [
  of("LSTM", 1, 1, 1, 20, 50, 50),
  of("GRU", 1, 1, 1, 20, 50, 50),
  of("LSTM", 1, 1, 128, 128, 3.5, 3),
  of("LSTM", 1, 1, 512, 512, 1.2, 1.1),
  of("LSTM", 1, 100, 32, 64, 1.8, 1.4),
  of("LSTM", 1, 100, 128, 128, 1.8, 1.4),
  of("LSTM", 1, 100, 256, 256, 1.8, 1.4),
  of("LSTM", 1, 100, 512, 512, 1.5, 1.2),
  of("LSTM", 1, 100, 1024, 1024, 1.2, 1.1),
  of("GRU", 1, 100, 128, 128, 1.7, 1.3),
  of("GRU", 1, 100, 512, 512, 1.4, 1.1),
  of("LSTM", 32, 50, 64, 128, 2.5, 1.8),
  of("LSTM", 128, 28, 28, 128, 2.5, 1.8),
  of("GRU", 32, 50, 64, 128, 2.3, 1.8),
  of("RNN", 1, 100, 128, 128, 3, 2.3),
  of("RNN", 1, 100, 512, 512, 3, 2.3),
  of("RNN", 32, 50, 64, 128, 3, 2.3),
];

/** @param {Pick<Case, "kind" | "batch" | "steps" | "inputSize" | "hiddenSize">} layer */
export const label = ({ kind, batch, steps, inputSize, hiddenSize }) =>
  `${kind} ${batch} × ${steps}, ${inputSize} → ${hiddenSize}`;
