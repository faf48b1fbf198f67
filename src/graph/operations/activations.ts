/*
 * The activation functions of recurrent nodes, as the layers' `activations` option takes them.
 */
import type { Node } from "../node.js";

export interface ActivationChoice {
  readonly name: ActivationName;
  readonly alpha?: number;
  readonly beta?: number;
}

interface Takes {
  readonly alpha?: number;
  readonly beta?: number;
}

/**
 * The functions by their names here, ONNX's with a small first letter: which of alpha and beta each takes, with the
 * number for a list that is too short.
 */
export const ACTIVATIONS = {
  relu: {},
  tanh: {},
  sigmoid: {},
  // the standard has no numbers for this and scaledTanh; onnxruntime takes 0
  affine: { alpha: 0, beta: 0 },
  leakyRelu: { alpha: 0.01 },
  thresholdedRelu: { alpha: 1 },
  scaledTanh: { alpha: 0, beta: 0 },
  hardSigmoid: { alpha: 0.2, beta: 0.5 },
  elu: { alpha: 1 },
  softsign: {},
  softplus: {},
} as const satisfies Record<string, Takes>;

export type ActivationName = keyof typeof ACTIVATIONS;

export const onnxActivations = Object.keys(
  ACTIVATIONS,
) as readonly ActivationName[];

const UNCERTAIN: readonly ActivationName[] = [
  "affine",
  "scaledTanh",
  "thresholdedRelu",
];

/** As the standard writes it. */
export function onnxName(name: ActivationName): string {
  return (name[0] as string).toUpperCase() + name.slice(1);
}

/**
 * The node's functions, each direction's after another's, or `defaults` for each direction. Names are compared
 * without regard to case; alpha and beta go, in order, to the functions that take one.
 */
export function activationsOf(
  node: Node,
  defaults: readonly ActivationName[],
  directions: number,
): ActivationChoice[] {
  const alphas = (node.floats("activation_alpha") ?? []).values();
  const betas = (node.floats("activation_beta") ?? []).values();
  const count = defaults.length * directions;
  const given = node.strings("activations") ?? [];
  // an RNN's default list has two names even for one direction, and exporters write it out
  const names = given.length
    ? given.slice(0, count)
    : repeat(defaults, directions);
  if (names.length < count)
    throw node.error(`expected ${count} activations, got ${given.length}`);
  return names.map((text) => {
    const name = onnxActivations.find(
      (own) => own.toLowerCase() === text.toLowerCase(),
    );
    if (!name)
      throw node.error(
        `expected activations among ${onnxActivations.map(onnxName).join(", ")}, got ${JSON.stringify(text)}`,
      );
    const takes: Takes = ACTIVATIONS[name];
    const next = (list: Iterator<number>, otherwise: number): number => {
      const { value, done } = list.next();
      if (!done && Number.isFinite(value)) return value;
      if (!done)
        throw node.error(`expected finite alpha and beta, got ${value}`);
      if (UNCERTAIN.includes(name)) warn(node, text, otherwise);
      return otherwise;
    };
    return {
      name,
      ...(takes.alpha !== undefined && { alpha: next(alphas, takes.alpha) }),
      ...(takes.beta !== undefined && { beta: next(betas, takes.beta) }),
    };
  });
}

function warn(node: Node, name: string, value: number): void {
  node.setting.notes.warnings.push(
    `${node.place}: ${name} without its alpha or beta, about which runtimes differ: read as ${value}`,
  );
}

const repeat = (list: readonly string[], times: number): string[] =>
  Array.from({ length: times }, () => list).flat();

/** True when these are the functions `names`, in every direction. */
export function areAll(
  activations: readonly ActivationChoice[],
  names: readonly ActivationName[],
): boolean {
  return activations.every(({ name }, i) => name === names[i % names.length]);
}
