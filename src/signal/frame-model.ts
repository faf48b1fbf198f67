import { counted, message } from "../checks.js";
import type { Tensor } from "../tensor.js";

/** The part of a model's stream that is needed: a frame in, a frame out. Those of Sequential and Graph qualify. */
export interface FrameStream {
  step(frame: Float32Array, out?: Float32Array): Float32Array;
  reset(): void;
}

/** The part of a model that is needed. Sequential and Graph qualify. */
export interface FrameModel {
  stream(options?: never): FrameStream;
  save(): Uint8Array;
}

/** Inputs of a graph that are the same for every frame: `{ sr: 16000 }`. */
export type FixedInputs = Readonly<Record<string, number>>;

/** The inputs of a graph besides the frame. */
export interface Feedback {
  /** Inputs that are the same for every frame: `{ sr: 16000 }`. */
  inputs?: FixedInputs;
  /** For each state input, the output that is fed back into it, unless their names show that. */
  states?: Readonly<Record<string, string>>;
  /** The initial values of state inputs; by default zeros, if the model has their size. */
  initial?: Readonly<Record<string, Tensor>>;
}

/** An input of a graph. */
export interface FramePort {
  readonly name: string;
  readonly shape?: readonly (number | string)[] | null;
  /** The output that is fed back into it. */
  readonly state?: string;
}

/** Whether it has a method `stream`, as all models do. */
export function isModel(value: unknown): value is FrameModel {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { stream?: unknown }).stream === "function"
  );
}

/** The inputs of a model; empty if it does not list them. */
export function inputsOf(model: FrameModel): readonly FramePort[] {
  const { inputs } = model as { inputs?: unknown };
  return Array.isArray(inputs) ? (inputs as FramePort[]) : [];
}

/**
 * The number of inputs of a step, by the model's first input that is not a state; null if that size is not fixed.
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
    // free sizes before the last, batch or time, count as 1
    else if (axis === shape.length - 1) size = NaN;
  });
  return Number.isNaN(size) ? null : size;
}

/** A stream of the model, with these other inputs. */
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
 * Runs a frame of zeros, to check the sizes of the model and to compile the code before the first frame of sound.
 *
 * @param outputSize null for any
 * @returns the number of outputs
 * @throws RangeError unless there are `outputSize` outputs; what the model throws for a frame of the wrong size
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
