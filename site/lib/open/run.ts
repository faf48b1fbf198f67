/*
 * Runs a model on named inputs, once or step by step.
 */
import type { Tensor } from "gatewise";
import type { Graph } from "gatewise/load";
import { microseconds } from "../time";
import { isChain, type Model } from "./opened";

export type Tensors = Readonly<Record<string, Tensor>>;

/** The outputs by their names. */
export function runModel(
  model: Model,
  inputs: Tensors,
): Record<string, Tensor> {
  if (!isChain(model)) return model.run(inputs);
  const input = Object.values(inputs)[0] as Tensor;
  return { output: model.forward(input).output };
}

/**
 * So many runs, the first axis of inputs being the run; `feedback` says which output is which input of the next one.
 * Outputs come back in the same way, those that are fed back as they were at last.
 */
export function runSteps(
  model: Graph,
  inputs: Tensors,
  steps: number,
  feedback: Readonly<Record<string, string>>,
): Record<string, Tensor> {
  const states = new Set(Object.values(feedback));
  const current: Record<string, Tensor> = {};
  const collected: Record<string, Tensor[]> = {};
  for (let step = 0; step < steps; step++) {
    for (const [name, tensor] of Object.entries(inputs)) {
      if (name in feedback && step) continue;
      const whole = name in feedback || !tensor.shape.length;
      current[name] = whole ? tensor : slice(tensor, step);
    }
    const outputs = model.run(current);
    for (const [name, tensor] of Object.entries(outputs))
      (collected[name] ??= []).push(tensor);
    for (const [input, output] of Object.entries(feedback))
      current[input] = outputs[output] as Tensor;
  }
  return Object.fromEntries(
    Object.entries(collected).map(([name, all]) => [
      name,
      states.has(name) ? (all.at(-1) as Tensor) : stack(all),
    ]),
  );
}

function slice({ shape, data }: Tensor, index: number): Tensor {
  const [, ...rest] = shape;
  const size = rest.reduce((a, b) => a * b, 1);
  return { shape: rest, data: data.slice(index * size, (index + 1) * size) };
}

function stack(all: readonly Tensor[]): Tensor {
  const [first] = all as [Tensor];
  const data = new Float32Array(all.length * first.data.length);
  all.forEach((each, i) => data.set(each.data, i * first.data.length));
  return { shape: [all.length, ...first.shape], data };
}

/** Microseconds of a step of a stream, where there is one, else of a whole run. */
export function timeModel(
  model: Model,
  inputs: Tensors,
): { time: number; unit: string } {
  if (isChain(model) && model.streamable) {
    const stream = model.stream();
    const frame = new Float32Array(model.inputSize);
    const out = new Float32Array(model.outputSize);
    return {
      time: microseconds(() => stream.step(frame, out)),
      unit: "a step",
    };
  }
  return { time: microseconds(() => runModel(model, inputs)), unit: "a run" };
}
