/**
 * Models for toOnnx: every option of every layer that ONNX has a word for. The suite reads what it writes back;
 * bench/peers/check-export.mjs runs it in onnxruntime. Plain JavaScript, so that both import it.
 *
 * @typedef {import("../../../src/index.js").Layer} Layer
 * @typedef {import("../../../src/index.js").Sequential} Sequential
 */

/**
 * @param {typeof import("../../../src/index.js")} gatewise
 * @returns {Record<string, () => Sequential>} models over 3 features, or over tokens 0 to 8
 */
export function exportCases(gatewise) {
  const { Sequential } = gatewise;
  const chains = Object.entries(chainsOf(gatewise)).map(([name, layers]) => [
    name,
    () => new Sequential(layers()),
  ]);
  const { GRU, Linear, LSTM } = gatewise;
  const skipping = /** @param {number} outputSize */ (outputSize) => [
    new LSTM({ inputSize: 3, hiddenSize: 5, learnedState: true }),
    new Linear({ inputSize: 5, outputSize }),
  ];
  return {
    ...Object.fromEntries(chains),
    "learned states": () =>
      new Sequential([
        new GRU({
          inputSize: 3,
          hiddenSize: 4,
          numLayers: 2,
          direction: "bidirectional",
          learnedState: true,
        }),
        new LSTM({ inputSize: 8, hiddenSize: 5, learnedState: true }),
      ]),
    "one feature skipped": () => new Sequential(skipping(2), { skip: 1 }),
    "all features skipped": () => new Sequential(skipping(2), { skip: 2 }),
  };
}

/**
 * Those of them that have matrices, the matrices as int8.
 *
 * @param {typeof import("../../../src/index.js")} gatewise
 * @param {typeof import("../../../src/quantize/index.js").quantize} quantize
 * @returns {Record<string, () => Sequential>}
 */
export function quantizedCases(gatewise, quantize) {
  const cases = Object.entries(exportCases(gatewise)).filter(([, make]) =>
    make().layers.some(isMatrix),
  );
  return Object.fromEntries(
    cases.map(([name, make]) => [
      `${name}, int8`,
      () => quantize(make()).model,
    ]),
  );
}

/** @param {Layer} layer */
const isMatrix = ({ options }) =>
  "precision" in options && !("groups" in options && options.groups !== 1);

/**
 * The model in float32, its integers times their scales.
 *
 * @param {typeof import("../../../src/index.js")} gatewise
 * @param {Sequential} model
 */
export function widened({ Sequential }, { layers, skip }) {
  const wide = layers.map((layer) => {
    if (!("precision" in layer.options)) return layer;
    const Type = /** @type {new (options: object) => Layer} */ (
      layer.constructor
    );
    const options = { ...layer.options, precision: "float32" };
    return new Type(options).loadStateDict(layer.stateDict());
  });
  return new Sequential(wide, { skip });
}

/** @param {typeof import("../../../src/index.js")} gatewise */
function chainsOf({
  BatchNorm,
  Conv1d,
  Embedding,
  GRU,
  LastStep,
  LayerNorm,
  Linear,
  LSTM,
  Pooling,
  RNN,
}) {
  /** @type {Record<string, () => Layer[]>} */
  const cases = {
    ...Object.fromEntries(
      /** @type {const} */ (["max", "average"]).flatMap((kind) => [
        [
          `Pooling ${kind} of windows`,
          () => [
            new BatchNorm({ size: 3, epsilon: 0.1 }),
            new Pooling({ kind, size: 3, kernelSize: 2, padding: "same" }),
            new Pooling({
              kind,
              size: 3,
              kernelSize: 3,
              stride: 1,
              padding: 1,
            }),
          ],
        ],
        [
          `Pooling ${kind} of all steps`,
          () => [
            new GRU({ inputSize: 3, hiddenSize: 4, seed: 3 }),
            new Pooling({ kind, size: 4 }),
          ],
        ],
      ]),
    ),
    "the last step, repeated": () => [
      new GRU({ inputSize: 3, hiddenSize: 4, seed: 3 }),
      new LastStep({ size: 4, repeat: 3 }),
      new LastStep({ size: 4 }),
    ],
    "Conv1d causal": () => [
      new Conv1d({
        inputSize: 3,
        outputSize: 6,
        kernelSize: 3,
        dilation: 2,
        padding: "causal",
        activation: "relu",
      }),
      new Conv1d({
        inputSize: 6,
        outputSize: 4,
        kernelSize: 2,
        padding: "same",
        groups: 2,
        bias: false,
      }),
      new LSTM({ inputSize: 4, hiddenSize: 5, seed: 2 }),
    ],
    "Conv1d with strides": () => [
      new Conv1d({
        inputSize: 3,
        outputSize: 6,
        kernelSize: 3,
        stride: 2,
        padding: "same",
      }),
      new Conv1d({
        inputSize: 6,
        outputSize: 4,
        kernelSize: 3,
        stride: 2,
        padding: 2,
      }),
      new Conv1d({
        inputSize: 4,
        outputSize: 4,
        kernelSize: 2,
        stride: 2,
        padding: "causal",
      }),
    ],
    LayerNorm: () => [
      new GRU({ inputSize: 3, hiddenSize: 5, seed: 2 }),
      new LayerNorm({ size: 5, epsilon: 1e-3 }),
      new LayerNorm({ size: 5, bias: false }),
    ],
  };
  const sizes = { inputSize: 3, hiddenSize: 5, seed: 1 };
  const cells = /** @type {const} */ ([
    ["RNN tanh", RNN, {}],
    ["RNN relu", RNN, { nonlinearity: "relu" }],
    ["LSTM", LSTM, {}],
    ["GRU", GRU, {}],
    ["GRU reset before", GRU, { resetAfter: false }],
    ["GRU replace", GRU, { updateGate: "replace" }],
    [
      "GRU reset before, replace",
      GRU,
      { resetAfter: false, updateGate: "replace" },
    ],
  ]);
  const common = /** @type {const} */ ([
    ["", {}],
    ["reverse", { direction: "reverse" }],
    ["bidirectional", { direction: "bidirectional" }],
    ["of two layers", { numLayers: 2 }],
    [
      "of three layers, bidirectional, without bias",
      { numLayers: 3, direction: "bidirectional", bias: false },
    ],
    ["last step", { returnSequences: false, numLayers: 2 }],
    ["last step, reverse", { returnSequences: false, direction: "reverse" }],
    [
      "last step, bidirectional",
      { returnSequences: false, numLayers: 2, direction: "bidirectional" },
    ],
  ]);
  for (const [name, Cell, own] of cells)
    for (const [what, options] of common)
      cases[`${name} ${what}`.trim()] = () => [
        new Cell({ ...sizes, ...own, ...options }),
      ];
  const onnx = /** @type {const} */ ([
    "linear",
    "tanh",
    "sigmoid",
    "relu",
    "softsign",
    "softplus",
    { name: "elu", alpha: 0.7 },
    { name: "leakyRelu", alpha: 0.2 },
    { name: "thresholdedRelu", alpha: 0.1 },
    { name: "hardSigmoid", alpha: 1 / 6 },
    { name: "affine", alpha: 0.5, beta: 0.1 },
    { name: "scaledTanh", alpha: 1.7, beta: 0.7 },
    "leakyRelu",
    "hardSigmoid",
    "affine",
    "elu",
    "thresholdedRelu",
    "scaledTanh",
  ]);
  for (const activation of onnx)
    cases[`RNN ${JSON.stringify(activation)}`] = () => [
      new RNN({
        ...sizes,
        activations: [activation],
        direction: "bidirectional",
      }),
    ];
  const both = /** @type {const} */ ({ ...sizes, direction: "bidirectional" });
  cases["LSTM of six functions, clipped"] = () => [
    new LSTM({
      ...both,
      clip: 0.4,
      activations: [
        { name: "hardSigmoid", alpha: 0.3, beta: 0.4 },
        { name: "leakyRelu", alpha: 0.3 },
        "tanh",
        "sigmoid",
        "softsign",
        { name: "affine", alpha: 0.8, beta: 0.1 },
      ],
    }),
  ];
  for (const mergeMode of /** @type {const} */ (["sum", "mul", "ave"]))
    for (const returnSequences of [true, false])
      cases[
        `${mergeMode} of two layers${returnSequences ? "" : ", last step"}`
      ] = () => [
        new LSTM({ ...both, numLayers: 2, mergeMode, returnSequences }),
        new Linear({ inputSize: 5, outputSize: 2 }),
      ];
  for (const returnSequences of [true, false])
    cases[`in the order of processing${returnSequences ? "" : ", last step"}`] =
      () => [
        new GRU({
          ...sizes,
          direction: "reverse",
          numLayers: 3,
          outputOrder: "processing",
          returnSequences,
        }),
      ];
  cases["LSTM with peepholes"] = () => [
    new LSTM({ ...both, numLayers: 2, peepholes: true }),
  ];
  cases["LSTM with coupled gates and peepholes"] = () => [
    new LSTM({ ...both, coupledGates: true, peepholes: true }),
  ];
  cases["GRU of hard gates, replace"] = () => [
    new GRU({
      ...both,
      activations: ["hardSigmoid", "softsign"],
      clip: 0.3,
      updateGate: "replace",
    }),
  ];
  cases["GRU of four functions, reset before"] = () => [
    new GRU({
      ...both,
      resetAfter: false,
      activations: ["sigmoid", "relu", "hardSigmoid", "scaledTanh"],
    }),
  ];
  for (const activation of /** @type {const} */ ([
    ...onnx,
    "softmax",
    "selu",
    "exponential",
    "silu",
    "namTanh",
    "namSigmoid",
    "rnnoiseTanh",
    "rnnoiseSigmoid",
  ]))
    cases[`Linear ${JSON.stringify(activation)}`] = () => [
      new Linear({ inputSize: 3, outputSize: 9, activation, seed: 2 }),
    ];
  cases["Linear without bias"] = () => [
    new Linear({ inputSize: 3, outputSize: 4, bias: false }),
  ];
  cases["Embedding, LSTM, Linear softmax"] = () => [
    new Embedding({ vocabSize: 9, size: 3 }),
    new LSTM({ ...sizes, numLayers: 2 }),
    new Linear({ inputSize: 5, outputSize: 9, activation: "softmax" }),
  ];
  cases["Embedding, Linear"] = () => [
    new Embedding({ vocabSize: 9, size: 3 }),
    new Linear({ inputSize: 3, outputSize: 2 }),
  ];
  cases["Linear, GRU, RNN, Linear, Linear"] = () => [
    new Linear({ inputSize: 3, outputSize: 6, activation: "tanh" }),
    new GRU({ inputSize: 6, hiddenSize: 7, direction: "bidirectional" }),
    new RNN({ inputSize: 14, hiddenSize: 4, returnSequences: false }),
    new Linear({ inputSize: 4, outputSize: 4, activation: "relu" }),
    new Linear({ inputSize: 4, outputSize: 2, activation: "sigmoid" }),
  ];
  return cases;
}

/** @param {{ layers: readonly Layer[] }} model */
export function takesTokens({ layers: [first] }) {
  return !!first && "vocabSize" in first.options;
}

/**
 * An input [batch, time, 3], or [batch, time] of tokens: the same on every run.
 *
 * @param {{ layers: readonly Layer[] }} model
 * @param {number} batch
 * @param {number} time
 */
export function exportInput(model, batch, time) {
  const tokens = takesTokens(model);
  const shape = tokens ? [batch, time] : [batch, time, 3];
  const data = Float32Array.from(
    { length: batch * time * (tokens ? 1 : 3) },
    (_, i) => (tokens ? (i * 7 + 3) % 9 : (((i * 29) % 23) - 11) / 8),
  );
  return { shape, data };
}
