/* The trainer, off the page's thread. */
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  Sequential,
  type TensorLike,
} from "gatewise";
import {
  type Example,
  initialize,
  type Progress,
  Trainer,
} from "gatewise/train";
import { traceLayers } from "gatewise/vis";
import {
  type News,
  type Order,
  type Settings,
  strokeOf,
  type Task,
} from "./protocol";

const scope = self as unknown as {
  postMessage(news: News): void;
  onmessage: ((event: MessageEvent<Order>) => void) | null;
};
const CELLS = { RNN, LSTM, GRU };
const EPOCHS = 1000;
const TEXT_STEPS = 40;
const SERIES_STEPS = 48;

interface Lesson {
  readonly model: Sequential;
  readonly examples: readonly Example[];
  readonly loss: "crossEntropy" | "mse";
  readonly letters: readonly string[];
  /** What the gates are shown on. */
  readonly probe: TensorLike;
  preview(): Partial<Extract<News, { type: "preview" }>>;
}

function lessonOf(task: Task, { cell, hiddenSize }: Settings): Lesson {
  const Cell = CELLS[cell];
  switch (task.kind) {
    case "text": {
      const letters = [...new Set(task.text)];
      const ids = Array.from(task.text, (letter) => letters.indexOf(letter));
      const vocabSize = letters.length;
      const model = new Sequential([
        new Embedding({ vocabSize, size: 16 }),
        new Cell({ inputSize: 16, hiddenSize }),
        new Linear({ inputSize: hiddenSize, outputSize: vocabSize }),
      ]);
      const prompt = ids.slice(0, 6);
      return {
        model,
        letters,
        loss: "crossEntropy",
        examples: cut(ids.length - 1, TEXT_STEPS, 10).map(([from, to]) => ({
          input: ids.slice(from, to),
          target: ids.slice(from + 1, to + 1),
        })),
        probe: ids.slice(0, 60),
        preview: () => ({
          text: [
            ...prompt,
            ...model.generate({
              prompt,
              steps: 140,
              temperature: 0.6,
              seed: 1,
            }),
          ]
            .map((id) => letters[id])
            .join(""),
        }),
      };
    }
    case "series": {
      const scale = Math.max(1e-9, ...task.values.map(Math.abs));
      const values = task.values.map((x) => x / scale);
      const rows = values.map((x) => [x]);
      const model = new Sequential([
        new Cell({ inputSize: 1, hiddenSize }),
        new Linear({ inputSize: hiddenSize, outputSize: 1 }),
      ]);
      return {
        model,
        letters: [],
        loss: "mse",
        examples: cut(values.length - 1, SERIES_STEPS, 6).map(([from, to]) => ({
          input: rows.slice(from, to),
          target: rows.slice(from + 1, to + 1),
        })),
        probe: rows.slice(-120),
        preview: () => ({
          known: task.values.slice(-120),
          forecast: Array.from(model.forecast(rows, 60).data, (x) => x * scale),
        }),
      };
    }
    case "gestures": {
      const model = new Sequential([
        new Cell({ inputSize: 2, hiddenSize, returnSequences: false }),
        new Linear({ inputSize: hiddenSize, outputSize: task.classes.length }),
      ]);
      const examples = task.examples.map(({ points, label }) => ({
        input: strokeOf(points),
        target: label,
      }));
      return {
        model,
        letters: task.classes,
        loss: "crossEntropy",
        examples,
        probe: (examples[0] as { input: TensorLike }).input,
        preview: () => ({}),
      };
    }
  }
}

/** Pieces of a sequence of so many steps, one every `hop`. */
function cut(length: number, steps: number, hop: number): [number, number][] {
  const size = Math.min(steps, length);
  const count = Math.max(1, Math.floor((length - size) / hop) + 1);
  return Array.from({ length: count }, (_, i) => [i * hop, i * hop + size]);
}

let lesson: Lesson | undefined;
let trainer: Trainer | undefined;
let abort: AbortController | undefined;

async function train(): Promise<void> {
  if (!lesson || !trainer) return;
  abort = new AbortController();
  let kept: Progress[] = [];
  let told = performance.now();
  let shown = 0;
  const fit = trainer.fit(lesson.examples, {
    epochs: EPOCHS,
    batchSize: 32,
    signal: abort.signal,
  });
  for await (const progress of fit) {
    kept.push(progress);
    const now = performance.now();
    if (now - told < 120) continue;
    scope.postMessage({ type: "progress", progress: kept });
    kept = [];
    told = now;
    if (now - shown < 1000) continue;
    shown = now;
    preview();
  }
  if (kept.length) scope.postMessage({ type: "progress", progress: kept });
  preview();
  scope.postMessage({ type: abort.signal.aborted ? "paused" : "ended" });
}

function preview(): void {
  if (!lesson) return;
  const trace = traceLayers(lesson.model, lesson.probe);
  scope.postMessage({ type: "preview", trace, ...lesson.preview() });
}

function start(task: Task, settings: Settings): void {
  lesson = lessonOf(task, settings);
  initialize(lesson.model, { seed: 1 });
  trainer = new Trainer(lesson.model, {
    loss: lesson.loss,
    optimizer: { name: "adam", learningRate: settings.learningRate },
    seed: 1,
  });
  const parameters = Object.values(lesson.model.stateDict()).reduce(
    (sum, { data }) => sum + data.length,
    0,
  );
  scope.postMessage({ type: "ready", parameters });
}

function classify(points: readonly (readonly [number, number])[]): void {
  if (!lesson) return;
  const { data } = lesson.model.forward(strokeOf(points)).output;
  const most = Math.max(...data);
  const shares = Array.from(data, (x) => Math.exp(x - most));
  const total = shares.reduce((a, b) => a + b, 0);
  const probabilities = shares.map((x) => x / total);
  scope.postMessage({ type: "class", probabilities });
}

async function obey(order: Order): Promise<void> {
  switch (order.type) {
    case "start":
      start(order.task, order.settings);
      return train();
    case "pause":
      return abort?.abort();
    case "resume":
      return train();
    case "classify":
      return classify(order.points);
    case "save":
      if (!lesson) return;
      scope.postMessage({
        type: "saved",
        bytes: lesson.model.save({ vocabulary: lesson.letters.join("") }),
        letters: lesson.letters,
      });
  }
}

scope.onmessage = ({ data }) => {
  obey(data).catch((error: Error) =>
    scope.postMessage({ type: "failed", message: error.message }),
  );
};
