/** The models of examples/, on data that they have not seen. */
import { readFileSync } from "node:fs";
import { Embedding, GRU, Linear, LSTM, Sequential } from "gatewise";
import { quantize } from "gatewise/quantize";
import { parse } from "gatewise/safetensors";

// by its address: examples are programs of users, and have no types
const { amplifier, generator, playing } = await import(
  `${new URL("../../examples/amp/amplifier.mjs", import.meta.url)}`
);

/** @param {string} name */
const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url));

/**
 * A model and its figure on a task.
 *
 * @typedef {import("gatewise").TensorLike} TensorLike
 * @typedef {object} Chain
 * @property {string} name
 * @property {string} unit
 * @property {Sequential} model
 * @property {TensorLike[]} data what it is calibrated on, no part of what the figure is made of
 * @property {(model: Sequential) => number} figure
 * @property {(model: Sequential) => unknown} pass what is timed
 */

/** @returns {Chain} months that were never seen in training, one month ahead */
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
    name: "forecasting: sunspots, LSTM 1 → 32, 2 layers",
    unit: "RMSE",
    model: new Sequential([
      LSTM.fromStateDict(tensors, { prefix: "0." }),
      Linear.fromStateDict(tensors, { prefix: "1." }),
    ]),
    pass: (model) => model.forward(series),
    figure: (model) => {
      const { data } = model.forward(series).output;
      let sum = 0;
      for (let t = first; t < series.length; t++)
        sum += (Number(data[t - 1]) - Number(series[t]?.[0])) ** 2;
      return scale * Math.sqrt(sum / (series.length - first));
    },
  };
}

/** @returns {Chain} the words of README.md and docs/, the end of each being one more letter */
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
    name: `text: ${list.length} words, GRU`,
    unit: "log-likelihood per letter",
    model: new Sequential([
      Embedding.fromStateDict(tensors, { prefix: "0." }),
      GRU.fromStateDict(tensors, { prefix: "1." }),
      Linear.fromStateDict(tensors, { prefix: "2." }),
    ]),
    pass: (model) => {
      for (const word of list.slice(0, 50))
        model.forward([0, ...tokensOf(word)]);
    },
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

/** @returns {Chain} playing that it has not heard: the error's energy beside the signal's */
function amp() {
  const random = generator(4);
  const heard = Array.from({ length: 4 }, () => playing(2, random));
  const other = playing(2, generator(1000));
  return {
    data: [{ shape: [other.length, 1], data: Float32Array.from(other) }],
    name: "audio effects: amp, LSTM 1 → 40",
    unit: "error to signal",
    model: Sequential.load(read("examples/amp/amp.safetensors")),
    pass: (model) => model.stream().run(other.subarray(0, 5000)),
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

/** @returns {Chain[]} */
export const chains = () => [sunspots(), words(), amp()];

/** Each rounded as it is, and with calibration. @returns {import("./tables.mjs").Task[]} */
export const chainTasks = () =>
  chains().flatMap(({ name, unit, model, data, figure }) =>
    [undefined, data].map((calibrate) => {
      const of = (
        /** @type {import("./precisions.mjs").Rounded} */ precision,
      ) =>
        quantize(model, calibrate ? { precision, calibrate } : { precision })
          .model;
      const int8 = of("int8");
      return {
        task: calibrate ? "calibrated" : name,
        figure: unit,
        kind: /** @type {const} */ ("relative"),
        float32: figure(model),
        int8: figure(int8),
        fast: figure(of("int8-fast")),
        ...(!calibrate && {
          bytes: { float32: model.save().length, int8: int8.save().length },
          timed: [name],
        }),
      };
    }),
  );
