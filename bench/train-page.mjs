/**
 * How long `fit` on a page's main thread keeps the page from painting: the longest task in Chromium, by the clock and by
 * the time that the processor spent on it, from a trace; the second is right where other work runs on the machine too.
 *
 *     npm run build && tools/install-runtimes.sh && node bench/train-page.mjs
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium, launch } from "../test/everywhere/hosts/browsers.mjs";
import { hostLine } from "./lib/host.mjs";
import { table } from "./lib/text.mjs";

const SECONDS = 8;
/** What is trained: a program of the page, as text, that gives model, loss, data and options of fit. */
const FITS = {
  "Embedding 8, GRU 32, B 16": `{
    model: new Sequential([
      new Embedding({ vocabSize: 16, size: 8 }),
      new GRU({ inputSize: 8, hiddenSize: 32 }),
      new Linear({ inputSize: 32, outputSize: 16 }),
    ]),
    loss: "crossEntropy",
    data: Array.from({ length: 48 }, (_, i) => ({
      input: Array.from({ length: 12 }, (_, t) => (i + t * t) % 16),
      target: Array.from({ length: 12 }, (_, t) => (i + t) % 16),
    })),
    fit: { epochs: 1e6, batchSize: 16 },
  }`,
  "LSTM 64 → 128, B 64, T 50": `{
    model: new Sequential([
      new LSTM({ inputSize: 64, hiddenSize: 128 }),
      new Linear({ inputSize: 128, outputSize: 64 }),
    ]),
    loss: "mse",
    data: { input: numbers(256, 50, 64), target: numbers(256, 50, 64) },
    fit: { epochs: 1e6, batchSize: 64 },
  }`,
  "20 000 examples, GRU 32": `{
    model: new Sequential([
      new GRU({ inputSize: 4, hiddenSize: 32 }),
      new Linear({ inputSize: 32, outputSize: 2 }),
    ]),
    loss: "mse",
    data: Array.from({ length: 20000 }, (_, i) => ({
      input: numbers(5 + (i % 16), 4),
      target: numbers(5 + (i % 16), 2),
    })),
    fit: { epochs: 1e6, validation: 0.1 },
  }`,
};

const server = createServer(async ({ url = "/" }, response) => {
  if (url === "/") {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>training</title>");
    return;
  }
  try {
    const body = await readFile(new URL(`../dist${url}`, import.meta.url));
    response.setHeader("content-type", "text/javascript");
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(0)));
const address = server.address();
const port = typeof address === "object" && address ? address.port : 0;
const { browser, close } = await launch(
  String(chromium.program),
  chromium.options,
);

/**
 * Runs a fit for some seconds behind a mark, and gives the tasks of the main thread after it, in ms.
 *
 * @param {string} program
 */
async function tasksOf(program) {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate(`(async () => {
    const { Embedding, GRU, Linear, LSTM, Sequential } = await import("/index.js");
    const { Trainer } = await import("/training/index.js");
    const numbers = (...shape) => ({
      shape,
      data: Float32Array.from(
        { length: shape.reduce((a, b) => a * b) },
        () => Math.random() - 0.5,
      ),
    });
    globalThis.given = ${program};
    const { model, loss } = given;
    globalThis.trainer = new Trainer(model, { loss });
  })()`);
  await page.tracing.start({ categories: ["toplevel", "blink.user_timing"] });
  const steps = await page.evaluate(`(async () => {
    const end = new AbortController();
    setTimeout(() => end.abort(), ${SECONDS * 1000});
    await new Promise((resolve) => setTimeout(resolve, 100));
    performance.mark("fit");
    const { steps } = await trainer.fit(given.data, {
      ...given.fit,
      signal: end.signal,
    });
    performance.mark("done");
    return steps;
  })()`);
  const trace = await page.tracing.stop();
  await page.close();
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace));
  const mark = (/** @type {string} */ name) =>
    traceEvents.find(
      (/** @type {any} */ event) =>
        event.name === name && event.cat.includes("user_timing"),
    );
  const from = mark("fit");
  const to = mark("done");
  const tasks = traceEvents.filter(
    (/** @type {any} */ { name, ph, pid, tid, ts }) =>
      name.endsWith("RunTask") &&
      ph === "X" &&
      pid === from.pid &&
      tid === from.tid &&
      ts > from.ts &&
      ts < to.ts,
  );
  /** @param {"dur" | "tdur"} key */
  const sorted = (key) =>
    tasks
      .map((/** @type {any} */ event) => (event[key] ?? NaN) / 1000)
      .sort((/** @type {number} */ a, /** @type {number} */ b) => b - a);
  return { steps, wall: sorted("dur"), own: sorted("tdur") };
}

console.log(`${hostLine()} · ${await browser.version()}\n`);
const row = table(
  ["ms a task", "steps", "tasks", "longest", "1 %", "of processor", "1 %"],
  [28, 7, 7, 9, 9, 13, 9],
);
for (const [name, program] of Object.entries(FITS)) {
  const { steps, wall, own } = await tasksOf(program);
  const at = (/** @type {number[]} */ list, /** @type {number} */ share) =>
    (list[Math.floor(list.length * share)] ?? NaN).toFixed(1);
  row([
    name,
    `${steps}`,
    `${wall.length}`,
    ...[wall, own].flatMap((list) => [at(list, 0), at(list, 0.01)]),
  ]);
}
await close();
server.close();
