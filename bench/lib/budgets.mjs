/**
 * The most bytes of each: what was measured when the budget was set, and 3 %. Raise one only for something
 * that is worth it, and say so in the changelog.
 *
 * @type {Readonly<Record<string, { bytes: number, gzipped: number }>>}
 */
export const BUDGETS = {
  "simd.wasm": { bytes: 19_000, gzipped: 7_400 },
  "relaxed.wasm": { bytes: 14_400, gzipped: 5_800 },
  gatewise: { bytes: 160_000, gzipped: 56_700 },
  // of an application that imports nothing else: more when bundlers can no longer leave the other layers out
  "LSTM alone": { bytes: 112_500, gzipped: 41_200 },
  "parse and serialize": { bytes: 8_400, gzipped: 3_500 },
  // what all of it adds to gatewise, graphs and the reader of ONNX files included
  "gatewise/audio": { bytes: 233_000, gzipped: 84_400 },
  // what the load of a format adds to gatewise
  // all of them
  "gatewise/load": { bytes: 488_000, gzipped: 175_700 },
  "gatewise/safetensors": { bytes: 25_600, gzipped: 9_300 },
  "gatewise/torch": { bytes: 62_000, gzipped: 23_200 },
  // 9 kB gzipped of it for convolutions and numbers on the kernel
  "gatewise/onnx": { bytes: 193_200, gzipped: 70_200 },
  // 22 kB gzipped of it graphs, 18 the operations of graphs
  "gatewise/tflite": { bytes: 224_400, gzipped: 81_000 },
  "gatewise/nam": { bytes: 17_800, gzipped: 6_200 },
  "gatewise/rtneural": { bytes: 36_700, gzipped: 12_900 },
  // both with graphs, for models that branch, and the operations that Keras's layers are made of
  "gatewise/keras": { bytes: 235_300, gzipped: 84_100 },
  "gatewise/tfjs": { bytes: 183_900, gzipped: 66_400 },
  // and what an entry beside the formats adds
  // 6 kB gzipped both of its binaries, 15 the passes backward and their plain JavaScript, the rest Trainer; LayerNorm,
  // Conv1d and LastStep, and chunks of a tape that does not fit, are 2.5 of them
  "gatewise/train": { bytes: 127_400, gzipped: 46_700 },
  "gatewise/decode": { bytes: 9_200, gzipped: 3_300 },
  // Node alone: 52 kB gzipped of it graphs, which a process loads once a live stream runs one
  "gatewise/queue": { bytes: 239_700, gzipped: 90_400 },
  "gatewise/quantize": { bytes: 14_100, gzipped: 5_400 },
  "gatewise/tesseract": { bytes: 36_700, gzipped: 13_600 },
  // both of its binaries, with the kernel in each, products of integers in one, and a third with the dot product of bytes
  "gatewise/threads": { bytes: 59_000, gzipped: 17_900 },
  "gatewise/vis": { bytes: 14_000, gzipped: 5_600 },
};
