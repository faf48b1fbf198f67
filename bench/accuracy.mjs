/**
 * What int8 weights cost on tasks: the table of docs/precision.md.
 *
 *     npm run build && node bench/accuracy.mjs
 */
import { existsSync, readFileSync } from "node:fs";
import { Embedding, GRU, Linear, LSTM, Sequential } from "gatewise";
import { load } from "gatewise/load";
import { quantize } from "gatewise/quantize";
import { parse } from "gatewise/safetensors";
import { table } from "./lib/text.mjs";

// by its address: examples are programs of users, and have no types
const { amplifier, generator, playing } = await import(
  `${new URL("../examples/amp/amplifier.mjs", import.meta.url)}`
);

/** @param {string} name */
const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url));

/** @typedef {import("gatewise").TensorLike} TensorLike */
/** @typedef {"float32" | "int8" | "int8-fast"} Precision */

/**
 * A model and its figure on a task.
 *
 * @typedef {{ name: string, unit: string, model: Sequential, data: TensorLike[], figure: (model: Sequential) => number }} Task
 *   data: what it is calibrated on, no part of what the figure is made of
 */

/** @returns {Task} months that were never seen in training, one month ahead */
function sunspots() {
  const { tensors, metadata } = parse(
    read("examples/sunspots/sunspots.safetensors"),
  );
  const scale = Number(metadata["scale"]);
  const [, ...lines] = `${read("examples/sunspots/sunspots.csv")}`
    .trim()
    .split("\n");
  const months = lines.map((line) => String(line.split(",")[0]));
  const series = lines.map((line) => [Number(line.split(",")[1]) / scale]);
  const first = months.indexOf(String(metadata["unseen"]).slice(0, 7));
  return {
    data: [series.slice(0, first)],
    name: "sunspots, LSTM 1 → 32, 2 layers",
    unit: "RMSE",
    model: new Sequential([
      LSTM.fromStateDict(tensors, { prefix: "0." }),
      Linear.fromStateDict(tensors, { prefix: "1." }),
    ]),
    figure: (model) => {
      const { data } = model.forward(series).output;
      let sum = 0;
      for (let t = first; t < series.length; t++)
        sum += (Number(data[t - 1]) - Number(series[t]?.[0])) ** 2;
      return scale * Math.sqrt(sum / (series.length - first));
    },
  };
}

/** @returns {Task} the words of README.md and docs/, the end of each being one more letter */
function words() {
  const { tensors, metadata } = parse(read("examples/words/words.safetensors"));
  const vocabulary = String(metadata["vocabulary"]);
  const text = [
    "README.md",
    "docs/kernel.md",
    "docs/training.md",
    "docs/models.md",
  ]
    .map((name) => `${read(name)}`)
    .join(" ");
  const list = [...new Set(text.match(/\b[a-z]{3,12}\b/g))].sort();
  /** @param {string} word */
  const tokensOf = (word) =>
    Array.from(word, (letter) => vocabulary.indexOf(letter));
  return {
    data:
      `${read("CONTRIBUTING.md")}`
        .match(/\b[a-z]{3,12}\b/g)
        ?.filter((word) => !list.includes(word))
        .map((word) => [0, ...tokensOf(word)]) ?? [],
    name: `words, GRU, ${list.length} of them`,
    unit: "log-likelihood a letter",
    model: new Sequential([
      Embedding.fromStateDict(tensors, { prefix: "0." }),
      GRU.fromStateDict(tensors, { prefix: "1." }),
      Linear.fromStateDict(tensors, { prefix: "2." }),
    ]),
    figure: (model) => {
      let sum = 0;
      let letters = 0;
      for (const word of list) {
        const tokens = tokensOf(word);
        const { shape, data } = model.forward([0, ...tokens]).output;
        const [steps = 0, size = 0] = shape;
        for (let t = 0; t < steps; t++) {
          const logits = data.subarray(t * size, (t + 1) * size);
          const total = logits.reduce((all, x) => all + Math.exp(x), 0);
          sum += Number(logits[tokens[t] ?? 0]) - Math.log(total);
          letters++;
        }
      }
      return sum / letters;
    },
  };
}

/** @returns {Task} playing that it has not heard: the error's energy beside the signal's */
function amp() {
  const random = generator(4);
  const heard = Array.from({ length: 4 }, () => playing(2, random));
  const other = playing(2, generator(1000));
  return {
    data: [{ shape: [other.length, 1], data: Float32Array.from(other) }],
    name: "amp, LSTM 1 → 40",
    unit: "error to signal",
    model: Sequential.load(read("examples/amp/amp.safetensors")),
    figure: (model) => {
      let error = 0;
      let energy = 0;
      for (const samples of heard) {
        const wanted = amplifier(samples);
        const made = model.stream().run(samples);
        wanted.forEach(
          (/** @type {number} */ value, /** @type {number} */ t) => {
            error += (value - Number(made[t])) ** 2;
            energy += value ** 2;
          },
        );
      }
      return error / energy;
    },
  };
}

/**
 * Silero's probabilities that somebody speaks, of 3 s of speech (model and sound of ../shared): how far from float32's.
 *
 * @param {Precision} precision
 * @returns {number[] | null}
 */
function silero(precision) {
  const file = new URL(
    "../../shared/conformance/models/onnx/silero_vad_16k_op15.onnx",
    import.meta.url,
  );
  if (!existsSync(file)) return null;
  const { model } = load(readFileSync(file), { precision });
  if (model instanceof Sequential)
    throw new Error("accuracy: Silero is a graph");
  const { tensors } = parse(
    readFileSync(new URL(`${file}`.replace(".onnx", ".safetensors"))),
  );
  const { shape: [steps = 0, , size = 0] = [], data = new Float32Array() } =
    tensors["in/input"] ?? {};
  let state = { shape: [2, 1, 128], data: new Float32Array(256) };
  const probabilities = [];
  for (let step = 0; step < steps; step++) {
    const frame = data.slice(step * size, (step + 1) * size);
    const outputs = model.run({
      input: { shape: [1, size], data: frame },
      state,
      sr: { shape: [], data: Float32Array.of(16000) },
    });
    state = /** @type {typeof state} */ (outputs["stateN"]);
    probabilities.push(Number(outputs["output"]?.data[0]));
  }
  return probabilities;
}

const row = table(
  ["task", "figure", "float32", "int8", "int8-fast"],
  [40, 24, 12, 24, 24],
);
for (const { name, unit, model, figure, data } of [
  sunspots(),
  words(),
  amp(),
]) {
  const exact = figure(model);
  for (const calibrate of [undefined, data]) {
    const figures = /** @type {const} */ (["int8", "int8-fast"]).map(
      (precision) => {
        const options = calibrate ? { precision, calibrate } : { precision };
        const value = figure(quantize(model, options).model);
        const change = ((value / exact - 1) * 100).toFixed(2);
        return `${value.toPrecision(5)} (${change} %)`;
      },
    );
    const first = calibrate ? "  calibrated" : name;
    row([first, unit, exact.toPrecision(5), ...figures]);
  }
}

const exact = silero("float32");
if (exact) {
  const far = /** @type {const} */ (["int8", "int8-fast"]).map((precision) => {
    const own = silero(precision) ?? [];
    const most = Math.max(...own.map((p, i) => Math.abs(p - Number(exact[i]))));
    const flips = own.filter(
      (p, i) => p > 0.5 !== Number(exact[i]) > 0.5,
    ).length;
    return `${most.toFixed(4)}, ${flips} of ${own.length}`;
  });
  row(["Silero's probabilities", "largest change, decisions", "0", ...far]);
}
