// The page: what went into an amplifier and what came out → an LSTM that does the same, trained in workers, as a .nam file.
import { Linear, LSTM, Sequential } from "gatewise";
import { toNam } from "gatewise/nam";
import { initialize } from "gatewise/train";
import { createPool } from "gatewise/worker";
import { writeWav } from "../wav.mjs";
import { amplifier, generator, playing, RATE } from "./amplifier.mjs";

const ROW = RATE; // samples of a row: a second
const CHUNK = 512; // samples between two updates, the state carried on
const BATCH = 32;
const WARM = 1024; // samples before a row's error counts: the state starts from 0
const element = (id) => document.getElementById(id);
const say = (text) => (element("message").textContent = text);
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** The two recordings, mono at 48 kHz. */
const pair = { input: null, target: null };
let training = null; // an AbortController

/** What a file holds, in any format that the browser knows, at our rate. */
async function samplesOf(file) {
  const context = new OfflineAudioContext(1, 1, RATE);
  const audio = await context.decodeAudioData(await file.arrayBuffer());
  const mixed = new Float32Array(audio.length);
  for (let c = 0; c < audio.numberOfChannels; c++)
    audio
      .getChannelData(c)
      .forEach((x, i) => (mixed[i] += x / audio.numberOfChannels));
  return mixed;
}

function show() {
  const { input, target } = pair;
  const ready = input !== null && target !== null;
  element("train").disabled = !ready || training !== null;
  element("stop").disabled = training === null;
  if (ready && !training)
    say(
      `${(Math.min(input.length, target.length) / RATE).toFixed(1)} s of playing.`,
    );
}

/** Rows of a second, `from` to `to` of them, as one batch. */
function rowsOf(from, to) {
  const cut = (samples) => ({
    shape: [to - from, ROW, 1],
    data: samples.slice(from * ROW, to * ROW),
  });
  return { input: cut(pair.input), target: cut(pair.target) };
}

/** The last tenth of the rows is held out. */
function split() {
  const rows = Math.floor(
    Math.min(pair.input.length, pair.target.length) / ROW,
  );
  if (rows < 2)
    throw new RangeError(
      `recordings: expected at least 2 s of both, got ${rows} s`,
    );
  const held = Math.max(1, Math.floor(rows / 10));
  return {
    rows,
    data: rowsOf(0, rows - held),
    held: rowsOf(rows - held, rows),
  };
}

function draw(errors) {
  const points = errors.map((error, i) => {
    const x = (500 * i) / Math.max(1, errors.length - 1);
    // four decades, 1 to 0.0001
    const y = Math.max(0, Math.min(1, -Math.log10(error) / 4));
    return `${x.toFixed(1)},${(4 + 132 * y).toFixed(1)}`;
  });
  element("curve").setAttribute("points", points.join(" "));
}

async function train() {
  training = new AbortController();
  show();
  // a core for the page, the rest for the training
  const pool = createPool({
    create: () => new Worker("/dist/worker-script.js", { type: "module" }),
    workers: Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1)),
  });
  try {
    const { rows, data, held } = split();
    const passes = Number(element("passes").value);
    const units = Number(element("units").value);
    const model = new Sequential([
      new LSTM({ inputSize: 1, hiddenSize: units }),
      new Linear({ inputSize: units, outputSize: 1 }),
    ]);
    initialize(model, { seed: 3 });
    const batches = Math.ceil((rows - held.input.shape[0]) / BATCH);
    const steps = passes * batches * Math.ceil((ROW - WARM) / CHUNK);
    const trainer = await pool.trainer(model, {
      // higher frequencies weigh more, as they do to the ear
      loss: [{ loss: { name: "esr", preEmphasis: 0.85 } }, { loss: "esr" }],
      optimizer: { name: "adam", learningRate: 8e-3 },
      schedule: { name: "cosine", warmup: Math.round(steps / 10), steps },
      truncate: { steps: CHUNK, burnIn: WARM },
      seed: 3,
    });
    const fit = trainer.fit(data, {
      epochs: passes,
      batchSize: BATCH,
      validation: held,
      metrics: ["esr"],
      signal: training.signal,
    });
    const start = performance.now();
    const errors = [];
    let best = null;
    let mean = 2;
    for await (const progress of fit) {
      const seconds = (performance.now() - start) / 1000;
      if (progress.type === "step") {
        const { step, loss } = progress;
        mean = step === 1 ? loss : 0.98 * mean + 0.02 * loss;
        if (step % 20) continue;
        errors.push(mean / 2);
        draw(errors);
        const left = (seconds * (steps - step)) / step;
        say(
          `Update ${step} of ${steps}, ${left.toFixed(0)} s left; error ${percent(mean / 2)}${best ? `, ${percent(best)} on what is held out` : ""}.`,
        );
      } else if (progress.best) best = progress.validation.metrics.esr;
    }
    await trainer.pull(model);
    offer(model, held);
    const minutes = ((performance.now() - start) / 60_000).toFixed(1);
    say(
      best === null
        ? `Stopped after ${minutes} minutes, before the first pass was over.`
        : `Learned in ${minutes} minutes: error to signal ${percent(best)} on what is held out.`,
    );
  } catch (error) {
    say(String(error));
  } finally {
    pool.close();
    training = null;
    element("train").disabled = false;
    element("stop").disabled = true;
  }
}

/** The held-out part, before and behind the amplifier and the network, and the file. */
function offer(model, { input, target }) {
  const link = (bytes, type) =>
    URL.createObjectURL(new Blob([bytes], { type }));
  const sound = (samples) => link(writeWav(samples, RATE), "audio/wav");
  element("dry").src = sound(input.data);
  element("wet").src = sound(target.data);
  element("own").src = sound(model.stream().run(input.data));
  element("file").href = link(
    toNam(model, { name: "Learned in a page", sample_rate: RATE }),
    "application/json",
  );
  element("result").hidden = false;
}

for (const key of ["input", "target"])
  element(key).addEventListener("change", async ({ target: { files } }) => {
    try {
      pair[key] = files[0] ? await samplesOf(files[0]) : null;
      show();
    } catch (error) {
      say(String(error));
    }
  });
for (const key of ["units", "passes"])
  element(key).addEventListener("input", ({ target: { value } }) => {
    element(`${key}Value`).textContent = value;
  });
element("made").addEventListener("click", () => {
  const seconds = Number(new URLSearchParams(location.search).get("seconds"));
  const input = playing(seconds || 90, generator(3));
  Object.assign(pair, {
    input: Float32Array.from(input),
    target: Float32Array.from(amplifier(input)),
  });
  show();
});
element("train").addEventListener("click", train);
element("stop").addEventListener("click", () => training?.abort());
