/*
 * Runs whole arrays through a chain of layers in pieces, to show progress. That changes no bits: a stream's steps are
 * those of the whole sequence, and a row of a batch does not depend on the others.
 */
import type { Sequential } from "../../index.js";
import { concat, type Tensor } from "../../tensor.js";
import { inputFor } from "../../data/shapes.js";

const STEPS = 4096;
const ROWS = 16;
/** Longer rows run one by one, in pieces; shorter ones together, which is faster. */
const LONG = 4 * STEPS;

/** Whether every step can be answered at once. */
export const answersEveryStep = ({ streamable, lastOnly }: Sequential) =>
  streamable && !lastOnly;

/**
 * @param done is called with the share done, 0 to 1
 * @returns [B, T, O] or [T, O]; [B, O] or [O] after a layer with returnSequences false
 */
export async function runWhole(
  model: Sequential,
  given: Tensor,
  done: (share: number) => void,
): Promise<Tensor> {
  const input = inputFor(model, given);
  const tokens = model.takesTokens;
  const batched = input.shape.length === (tokens ? 2 : 3);
  const [rows, steps] = batched ? input.shape : [1, input.shape[0]];
  const features = tokens ? 1 : input.shape.at(-1);
  // for a wrong shape, forward throws the right error
  if (!rows || !steps || features !== model.inputSize)
    return model.forward(input).output;
  if (answersEveryStep(model) && (!batched || steps > LONG))
    return runSteps(model, input, rows, done);
  return batched
    ? runRows(model, input, rows, done)
    : model.forward(input).output;
}

async function runSteps(
  model: Sequential,
  { shape, data }: Tensor,
  rows: number,
  done: (share: number) => void,
): Promise<Tensor> {
  const { inputSize, outputSize } = model;
  const all = data.length / inputSize;
  const steps = all / rows;
  const output = new Float32Array(all * outputSize);
  const stream = model.stream();
  for (let row = 0; row < rows; row++) {
    stream.reset();
    const end = (row + 1) * steps;
    for (let from = row * steps; from < end; from += STEPS) {
      const to = Math.min(from + STEPS, end);
      const out = output.subarray(from * outputSize, to * outputSize);
      stream.run(data.subarray(from * inputSize, to * inputSize), out);
      done(to / all);
      await pause();
    }
  }
  const axes = model.takesTokens ? shape : shape.slice(0, -1);
  return { shape: [...axes, outputSize], data: output };
}

async function runRows(
  model: Sequential,
  { shape, data }: Tensor,
  rows: number,
  done: (share: number) => void,
): Promise<Tensor> {
  const rest = shape.slice(1);
  const size = data.length / rows;
  const parts: Tensor[] = [];
  for (let from = 0; from < rows; from += ROWS) {
    const to = Math.min(from + ROWS, rows);
    const part = data.subarray(from * size, to * size);
    const input = { shape: [to - from, ...rest], data: part };
    parts.push(model.forward(input).output);
    done(to / rows);
    await pause();
  }
  const each = parts[0] as Tensor;
  const output = concat(parts.map((part) => part.data));
  return { shape: [rows, ...each.shape.slice(1)], data: output };
}

/** Gives signals and the progress bar a chance to run. */
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
