/* What the page and its trainer in the worker say to each other: plain data. */
import type { Tensor, Trace } from "gatewise";
import type { Progress } from "gatewise/train";

export type CellName = "RNN" | "LSTM" | "GRU";

/** What is learnt. */
export type Task =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "series"; readonly values: readonly number[] }
  | {
      readonly kind: "gestures";
      readonly classes: readonly string[];
      readonly examples: readonly {
        readonly points: readonly (readonly [number, number])[];
        readonly label: number;
      }[];
    };

export interface Settings {
  readonly cell: CellName;
  readonly hiddenSize: number;
  readonly learningRate: number;
}

export type Order =
  | { readonly type: "start"; readonly task: Task; readonly settings: Settings }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  | { readonly type: "save" }
  | {
      readonly type: "classify";
      readonly points: readonly (readonly [number, number])[];
    };

export type News =
  | { readonly type: "ready"; readonly parameters: number }
  | { readonly type: "progress"; readonly progress: readonly Progress[] }
  | {
      readonly type: "preview";
      /** A text that the model writes, or how a series goes on. */
      readonly text?: string;
      readonly known?: readonly number[];
      readonly forecast?: readonly number[];
      readonly trace: Trace;
    }
  | { readonly type: "class"; readonly probabilities: readonly number[] }
  | {
      readonly type: "saved";
      readonly bytes: Uint8Array;
      readonly letters: readonly string[];
    }
  | { readonly type: "paused" | "ended" }
  | { readonly type: "failed"; readonly message: string };

/** A gesture as a sequence of 32 steps [dx, dy], whatever its size and speed. */
export function strokeOf(
  points: readonly (readonly [number, number])[],
): Tensor {
  const STEPS = 32;
  const lengths = [0];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]] as [
      readonly [number, number],
      readonly [number, number],
    ];
    lengths.push(
      (lengths[i - 1] as number) + Math.hypot(b[0] - a[0], b[1] - a[1]),
    );
  }
  const total = lengths.at(-1) || 1;
  const place = (share: number): [number, number] => {
    const wanted = share * total;
    const i = Math.max(
      1,
      lengths.findIndex((length) => length >= wanted),
    );
    const [a, b] = [points[i - 1] ?? [0, 0], points[i] ?? [0, 0]];
    const [from, to] = [lengths[i - 1] ?? 0, lengths[i] ?? 1];
    const t = (wanted - from) / (to - from || 1);
    return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
  };
  const data = new Float32Array(2 * STEPS);
  for (let step = 0; step < STEPS; step++) {
    const [a, b] = [place(step / STEPS), place((step + 1) / STEPS)];
    data[2 * step] = ((b[0] - a[0]) / total) * STEPS;
    data[2 * step + 1] = ((b[1] - a[1]) / total) * STEPS;
  }
  return { shape: [STEPS, 2], data };
}
