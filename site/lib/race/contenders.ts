/*
 * One recurrent layer by four ways to run it in JavaScript, with the same weights: each gives what runs it once, and
 * its output for the comparison. Nothing is loaded before it is asked for.
 */
import { GRU, LSTM, RNN, Sequential, type StateDict } from "gatewise";

export type Kind = "RNN" | "LSTM" | "GRU";

export interface Layer {
  readonly kind: Kind;
  readonly hiddenSize: number;
  /** 1: a step after the other; more: a whole sequence a call. */
  readonly steps: number;
}

export interface Contender {
  readonly name: string;
  /** What it has to load, in kB gzipped, measured of the packages by themselves. */
  run(): unknown;
  output(): Promise<ArrayLike<number>>;
  close?(): void;
}

export const INPUT_SIZE = 8;
const CELLS = { RNN, LSTM, GRU };

export interface Heat {
  readonly layer: Layer;
  readonly weights: StateDict;
  readonly input: Float32Array; // (T, I)
  readonly model: Sequential;
}

export function heatOf(layer: Layer): Heat {
  const { kind, hiddenSize, steps } = layer;
  const cell = new CELLS[kind]({ inputSize: INPUT_SIZE, hiddenSize, seed: 7 });
  const input = Float32Array.from({ length: steps * INPUT_SIZE }, (_, i) =>
    Math.sin(i * 0.7),
  );
  return {
    layer,
    input,
    weights: cell.stateDict(),
    model: new Sequential([cell]),
  };
}

async function gatewise({ layer, input, model }: Heat): Promise<Contender> {
  const { hiddenSize, steps } = layer;
  const stream = model.stream();
  const out = new Float32Array(steps * hiddenSize);
  return {
    name: "gatewise",
    run: () => (steps === 1 ? stream.step(input, out) : stream.run(input, out)),
    async output() {
      stream.reset();
      return stream.run(input).slice();
    },
  };
}

async function plain({ layer, input, weights }: Heat): Promise<Contender> {
  const { rnn, lstm, gru } = await import("../../../bench/plain.mjs");
  const make = { RNN: rnn, LSTM: lstm, GRU: gru }[layer.kind];
  const options = {
    weights,
    inputSize: INPUT_SIZE,
    hiddenSize: layer.hiddenSize,
  };
  const cell = make(options);
  const states = cell.zeros();
  const { steps } = layer;
  return {
    name: "plain JavaScript",
    run: () =>
      steps === 1 ? cell.step(input, ...states) : cell.sequence(input, steps),
    output: async () => cell.sequence(input, steps),
  };
}

async function onnxruntime({ layer, input, model }: Heat): Promise<Contender> {
  const [ort, { toOnnx }] = await Promise.all([
    import("onnxruntime-web/wasm"),
    import("gatewise/onnx"),
  ]);
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(toOnnx(model), {
    executionProviders: ["wasm"],
  });
  const feeds = {
    input: new ort.Tensor("float32", input, [1, layer.steps, INPUT_SIZE]),
  };
  return {
    name: "onnxruntime-web",
    run: () => session.run(feeds),
    output: async () =>
      (await session.run(feeds))["output"]?.data as Float32Array,
    close: () => void session.release(),
  };
}

/** PyTorch's gates in Keras's order. */
const KERAS = { LSTM: [0, 1, 2, 3], GRU: [1, 0, 2], RNN: [0] } as const;

async function tensorflow(heat: Heat): Promise<Contender> {
  const { layer, input, weights } = heat;
  const { kind, hiddenSize, steps } = layer;
  const [tf, { layers }, wasm, { default: simd }] = await Promise.all([
    import("@tensorflow/tfjs-core"),
    import("@tensorflow/tfjs-layers"),
    import("@tensorflow/tfjs-backend-wasm"),
    import("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url"),
  ]);
  wasm.setWasmPaths({
    "tfjs-backend-wasm-simd.wasm": simd,
    "tfjs-backend-wasm.wasm": simd,
    "tfjs-backend-wasm-threaded-simd.wasm": simd,
  });
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  await tf.setBackend("wasm");
  await tf.ready();
  const order = KERAS[kind];
  const options = {
    units: hiddenSize,
    returnSequences: true,
    activation: "tanh",
    kernelInitializer: "zeros",
    recurrentInitializer: "zeros",
  } as const;
  const gated = { ...options, recurrentActivation: "sigmoid" } as const;
  const made =
    kind === "LSTM"
      ? layers.lstm(gated)
      : kind === "GRU"
        ? layers.gru(gated)
        : layers.simpleRNN(options);
  const x = tf.tensor3d(input, [1, steps, INPUT_SIZE]);
  tf.tidy(() => void made.apply(x)); // makes the weights
  const kernel = (name: string, size: number) => {
    const { data } = weights[name] as { data: Float32Array };
    const width = order.length * hiddenSize;
    const values = new Float32Array(data.length);
    order.forEach((gate, place) => {
      for (let j = 0; j < hiddenSize; j++)
        for (let k = 0; k < size; k++)
          values[k * width + place * hiddenSize + j] = data[
            (gate * hiddenSize + j) * size + k
          ] as number;
    });
    return tf.tensor2d(values, [size, width]);
  };
  const biases = order.flatMap((gate) =>
    Array.from({ length: hiddenSize }, (_, j) => {
      const at = gate * hiddenSize + j;
      const of = (name: string) => weights[name]?.data[at] ?? 0;
      return of("bias_ih_l0") + of("bias_hh_l0");
    }),
  );
  made.setWeights([
    kernel("weight_ih_l0", INPUT_SIZE),
    kernel("weight_hh_l0", hiddenSize),
    tf.tensor1d(biases),
  ]);
  const run = () => {
    const y = tf.tidy(() => made.apply(x) as typeof x);
    const values = y.dataSync();
    y.dispose();
    return values;
  };
  return {
    name: "TensorFlow.js",
    run,
    output: async () => run(),
    close: () => x.dispose(),
  };
}

export const CONTENDERS = [
  { name: "gatewise", make: gatewise },
  { name: "plain JavaScript", make: plain },
  { name: "onnxruntime-web", make: onnxruntime },
  { name: "TensorFlow.js", make: tensorflow },
] as const;

/** Microseconds of a run, whether it answers at once or by a promise: the best mean of three rounds. */
export async function timeRun(run: () => unknown, least = 60): Promise<number> {
  await run();
  let best = Infinity;
  let count = 1;
  for (let round = 0; round < 3;) {
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      const answer = run();
      if (answer instanceof Promise) await answer;
    }
    const took = performance.now() - started;
    if (took < least) {
      count = Math.ceil(
        count * Math.min(20, (1.3 * least) / Math.max(took, 0.1)),
      );
      continue;
    }
    best = Math.min(best, (1000 * took) / count);
    round++;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return best;
}
