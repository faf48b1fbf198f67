import { counted, message } from "../checks.js";
import type { Tensor } from "../tensor.js";

/** What of a model's stream is used: a frame in, a frame out. Those of Sequential and Graph are such. */
export interface FrameStream {
  step(frame: Float32Array, out?: Float32Array): Float32Array;
  reset(): void;
}

/** What of a model is used. Sequential and Graph are such. */
export interface FrameModel {
  stream(options?: never): FrameStream;
  save(): Uint8Array;
}

/** Inputs of a graph that are the same in every frame: `{ sr: 16000 }`. */
export type FixedInputs = Readonly<Record<string, number>>;

/** How a graph is fed from frame to frame. */
export interface Feedback {
  /** Inputs that are the same in every frame: `{ sr: 16000 }`. */
  inputs?: FixedInputs;
  /** State inputs by the outputs that are fed back into them, where their names do not say so. */
  states?: Readonly<Record<string, string>>;
  /** What state inputs are before the first frame; zeros by default, where the model says of which size. */
  initial?: Readonly<Record<string, Tensor>>;
}

/** A port as graphs have them. */
export interface FramePort {
  readonly name: string;
  readonly shape?: readonly (number | string)[] | null;
  /** The output that is fed back here. */
  readonly state?: string;
}

/** Whether it has `stream`, as all models do. */
export function isModel(value: unknown): value is FrameModel {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { stream?: unknown }).stream === "function"
  );
}

/** The inputs of a model by name and shape; none where it does not tell. */
export function inputsOf(model: FrameModel): readonly FramePort[] {
  const { inputs } = model as { inputs?: unknown };
  return Array.isArray(inputs) ? (inputs as FramePort[]) : [];
}

/**
 * Numbers that the model takes at a step, by its first input that is no state; null where that size is free.
 */
export function frameSizeOf(model: FrameModel): number | null {
  const { inputSize } = model as { inputSize?: unknown };
  if (typeof inputSize === "number") return inputSize;
  const input = inputsOf(model).find(({ state }) => state === undefined);
  const shape = input?.shape ?? [];
  if (!shape.length) return null;
  let size = 1;
  shape.forEach((own, axis) => {
    if (typeof own === "number") size *= own;
    // free sizes in front, of a batch or of time, are 1
    else if (axis === shape.length - 1) size = NaN;
  });
  return Number.isNaN(size) ? null : size;
}

/** A stream of the model, fed so. */
export function streamOf(
  model: FrameModel,
  { inputs = {}, states = {}, initial = {} }: Feedback = {},
): FrameStream {
  const given = Object.entries({ inputs, states, state: initial }).filter(
    ([, entries]) => Object.keys(entries).length > 0,
  );
  const { stream } = model as { stream(options?: object): FrameStream };
  return given.length
    ? stream.call(model, Object.fromEntries(given))
    : stream.call(model);
}

/**
 * Runs a frame of zeros, which shows whether the model takes and gives what is expected of it, and has the first frame of
 * sound find everything compiled.
 *
 * @param outputSize null: as many numbers as the model likes
 * @returns how many numbers it gave
 * @throws RangeError where it gives other than `outputSize` numbers; what the model throws for frames it does not take
 */
export function rehearse(
  stream: FrameStream,
  inputSize: number,
  outputSize: number | null,
  name = "model",
): number {
  const { length } = stream.step(new Float32Array(inputSize));
  stream.reset();
  if (outputSize === null || length === outputSize) return length;
  throw new RangeError(
    message(name, `${counted(outputSize, "number")} for a frame`, `${length}`),
  );
}
