/*
 * Graphs ready to run: every value has a numbered slot, whichever graph or body it belongs to, so that a body reads
 * the values around it where they are.
 */
import type { Body, Running, Step } from "./node.js";
import type { Value } from "./value.js";

export interface Plan extends Body {
  /** Values known at load, by slot; undefined elsewhere. */
  readonly constants: readonly (Value | undefined)[];
  /** By slot: names that differ from each other. */
  readonly names: readonly string[];
}

/** Runs the steps on the values in the slots, which they fill. */
export function runSteps(steps: readonly Step[], running: Running): void {
  const { slots, trace } = running;
  for (let at = 0; at < steps.length; at++) {
    const { runs, inputs, outputs, frees, values } = steps[at] as Step;
    for (let i = 0; i < inputs.length; i++)
      values[i] = slots[inputs[i] as number] ?? null;
    const results = runs.run(values, running);
    for (let i = 0; i < outputs.length; i++) {
      const slot = outputs[i] as number;
      if (slot < 0) continue;
      const value = results[i];
      slots[slot] = value as Value;
      // a layer without a cell makes none
      if (value) trace?.(slot, value);
    }
    for (let i = 0; i < frees.length; i++)
      slots[frees[i] as number] = undefined;
  }
}

/** Adds to each step the slots from `first` on whose last reader it is. */
export function withFrees(
  steps: readonly Omit<Step, "frees">[],
  constants: readonly (Value | undefined)[],
  kept: readonly number[],
  first = 0,
): Step[] {
  const seen = new Set(kept);
  const reversed = [...steps].reverse().map((step) => {
    const frees = new Set<number>();
    for (const slot of [...step.inputs, ...step.captures, ...step.outputs]) {
      if (slot < first || seen.has(slot) || constants[slot]) continue;
      seen.add(slot);
      frees.add(slot);
    }
    return { ...step, frees: [...frees] };
  });
  return reversed.reverse();
}

/** The constants that a step or an output reads; the others were for load alone. */
export function usedAlone(
  constants: readonly (Value | undefined)[],
  steps: readonly Step[],
  kept: readonly number[],
): (Value | undefined)[] {
  const used = new Set(kept);
  const use = (list: readonly Step[]): void => {
    for (const { inputs, captures, node } of list) {
      for (const slot of [...inputs, ...captures]) used.add(slot);
      for (const body of node.bodies.values()) {
        for (const slot of body.outputs) used.add(slot);
        use(body.steps);
      }
    }
  };
  use(steps);
  return Array.from(constants, (value, slot) =>
    used.has(slot) ? value : undefined,
  );
}
