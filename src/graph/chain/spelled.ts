/*
 * LayerNorm as exporters spell it where their opset has none:
 *
 *     d = x - ReduceMean(x)        y = d / √(ReduceMean(d²) + ε)        with d² as a power or a product
 */
import type { Step } from "../node.js";
import type { Value } from "../value.js";

/** Over which axes, of both means. */
export interface SpelledNorm {
  readonly epsilon: number;
  readonly axes: readonly (readonly number[])[];
  /** Where x lies. */
  readonly from: number;
}

/** What a Div is the end of; null where it is none. */
export function spelledNorm(
  step: Step,
  makers: ReadonlyMap<number, Step>,
  constants: readonly (Value | undefined)[],
): SpelledNorm | null {
  const maker = (slot: number | undefined, type: string): Step | null => {
    const found = makers.get(slot ?? -1);
    return found?.node.type === type ? found : null;
  };
  const scalar = (slot: number | undefined): number | null => {
    const data = constants[slot ?? -1]?.data;
    return data?.length === 1 ? (data[0] as number) : null;
  };
  if (step.node.type !== "Div") return null;
  const [difference, deviation] = step.inputs as [number, number];
  const sub = maker(difference, "Sub");
  const [x, mean] = sub?.inputs ?? [];
  const first = maker(mean, "ReduceMean");
  const sum = maker(maker(deviation, "Sqrt")?.inputs[0], "Add");
  const known = sum?.inputs.findIndex((slot) => scalar(slot) !== null) ?? -1;
  const epsilon = known < 0 ? null : scalar(sum?.inputs[known]);
  const second = maker(sum?.inputs[1 - known], "ReduceMean");
  if (x === undefined || !first || !second || epsilon === null) return null;
  const same = (slot: number | undefined): boolean => {
    if (slot === difference) return true;
    const again = maker(slot, "Sub");
    return again?.inputs[0] === x && again.inputs[1] === mean;
  };
  const [squares] = second.inputs;
  const power = maker(squares, "Pow");
  const square = maker(squares, "Mul");
  const isSquare = power
    ? same(power.inputs[0]) && scalar(power.inputs[1]) === 2
    : square?.inputs.every(same);
  const [a, b] = [first, second].map((own) => axesOf(own, constants));
  if (!isSquare || first.inputs[0] !== x || !a || !b || epsilon < 0)
    return null;
  return { epsilon, axes: [a, b], from: x };
}

/** Those of a ReduceMean that keeps them; null for others. */
function axesOf(
  { node, inputs }: Step,
  constants: readonly (Value | undefined)[],
): readonly number[] | null {
  const attributes = new Map(node.attributes);
  if ((attributes.get("keepdims") ?? 1) !== 1) return null;
  const input = inputs[1] ?? -1;
  if (input >= 0) return Array.from(constants[input]?.data ?? []);
  return (attributes.get("axes") as readonly number[] | undefined) ?? null;
}
