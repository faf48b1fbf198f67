/**
 * An LSTM that PyTorch trained on the monthly sunspot numbers: how well it predicts decades it never saw, how it
 * goes on after the last month, and how far its numbers are from PyTorch's own.
 *
 *     npm run build && node examples/sunspots/sunspots.mjs
 */
import { readFileSync } from "node:fs";
import { Linear, LSTM, Sequential } from "gatewise";
import { parse } from "gatewise/safetensors";

const read = (name) => readFileSync(new URL(name, import.meta.url));

// The model: torch.nn.Sequential(torch.nn.LSTM(1, 32, num_layers=2), torch.nn.Linear(32, 1)).
const { tensors, metadata } = parse(read("sunspots.safetensors"));
const model = new Sequential([
  LSTM.fromStateDict(tensors, { prefix: "0." }),
  Linear.fromStateDict(tensors, { prefix: "1." }),
]);

// Its input: one number a month, in the unit that it was trained on.
const scale = Number(metadata.scale);
const [, ...lines] = read("sunspots.csv").toString().trim().split("\n");
const months = lines.map((line) => line.split(",")[0]);
const series = lines.map((line) => [Number(line.split(",")[1]) / scale]); // [T, 1]

// Many-to-many: the output of month t is the prediction of month t + 1.
const predictions = model.forward(series).output.data;

const first = months.indexOf(metadata.unseen.slice(0, 7));
const rmse = (predict) => {
  let sum = 0;
  for (let t = first; t < series.length; t++)
    sum += (predict(t) - series[t][0]) ** 2;
  return scale * Math.sqrt(sum / (series.length - first));
};
const unseen = `${months[first]} to ${months.at(-1)}`;
const ofModel = rmse((t) => predictions[t - 1]).toFixed(2);
const ofPersistence = rmse((t) => series[t - 1][0]).toFixed(2);
console.log(`One month ahead, ${unseen} (never seen in training), RMSE:`);
console.log(
  `  the model ${ofModel}, repeating the last month ${ofPersistence}`,
);

// One-to-many: every output is the next input.
const forecast = model.forecast(series, 264).data;
const [year] = months.at(-1).split("-").map(Number);
console.log(
  `\nThe next 22 years, mean of twelve months after ${months.at(-1)}:`,
);
for (let t = 0; t < forecast.length; t += 12) {
  const mean = forecast.slice(t, t + 12).reduce((a, b) => a + b) / 12;
  const number = Math.round(scale * mean);
  const bar = "█".repeat(Math.max(0, Math.round(number / 4)));
  console.log(
    `  ${year + t / 12}–${(year + t / 12 + 1) % 100}  ${String(number).padStart(3)} ${bar}`,
  );
}

const torch = parse(read("predictions.safetensors")).tensors;
const largest = (a, b) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
console.log(
  "\nLargest difference from PyTorch, outputs as the model gives them:",
);
console.log(
  `  predictions ${largest(predictions, torch.predictions.data).toExponential(1)}`,
);
console.log(
  `  forecast    ${largest(forecast, torch.forecast.data).toExponential(1)}`,
);
