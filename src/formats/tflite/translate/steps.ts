/*
 * Recurrences that no layer has, as a Scan over time.
 */
import type {
  AttributeValue,
  DescriptionBuilder,
  Value,
} from "../../../graph/index.js";
import type { Call } from "./call.js";

/** [B, T, I] and states [B, ..] → [B, T, O] and the states after it. */
export interface SequenceRun {
  readonly x: string;
  readonly hidden: string;
  readonly cell: string;
  readonly reverse: boolean;
}

export interface SequenceResult {
  readonly output: string;
  readonly hidden: string;
  readonly cell: string;
}

/** Makes nodes in a body: `emit("Add", a, b)`. */
export interface Emit {
  (type: string, ...inputs: string[]): string;
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue>,
  ): string;
  constant(value: Value): string;
  number(value: number): string;
}

function emitterOf(builder: DescriptionBuilder): Emit {
  const emit = (type: string, ...inputs: string[]) => builder.add(type, inputs);
  return Object.assign(emit, {
    node: (
      type: string,
      inputs: readonly string[],
      attributes: Record<string, AttributeValue>,
    ) => builder.add(type, inputs, attributes),
    constant: (value: Value) => builder.constant(value),
    number: (value: number) =>
      builder.constant({
        dtype: "float32",
        shape: [],
        data: Float32Array.of(value),
      }),
  });
}

/**
 * Steps of x [B, T, I] in the order of time, or from the last on: each makes of x [B, I] and the states new states and
 * an output.
 *
 * @returns the outputs [B, T, O], and the states after the last step that was made
 */
export function scanned(
  call: Call,
  { x, reverse }: { x: string; reverse: boolean },
  states: readonly string[],
  step: (
    emit: Emit,
    x: string,
    states: readonly string[],
  ) => { states: readonly string[]; output: string },
): string[] {
  const names = [...states.map((_, i) => `state${i}`), "x"];
  const body = call.builder.body(names, (builder, inputs) => {
    const own = inputs.slice(0, -1);
    const made = step(emitterOf(builder), inputs.at(-1) as string, own);
    return [...made.states, made.output];
  });
  const direction = reverse ? [1] : [0];
  const results = call.emitWide("Scan", [...states, x], states.length + 1, {
    body,
    num_scan_inputs: 1,
    scan_input_axes: [1],
    scan_output_axes: [1],
    scan_input_directions: direction,
    scan_output_directions: direction,
  });
  return [results.at(-1) as string, ...results.slice(0, -1)];
}
