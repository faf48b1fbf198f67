import {
  type Activation,
  ACTIVATIONS,
  type CellActivation,
  codeOf,
  nameOf,
} from "../activations.js";
import type { LayerField } from "../fields.js";

/** One of a cell's functions; softmax only in a layer without others. */
export type CellFunction = CellActivation | Activation;

/** Whether one of the standard functions, which RNN and Linear take without a detour. */
export const isStandard = (activation: CellFunction): boolean =>
  (ACTIVATIONS as readonly string[]).includes(nameOf(activation));

/** What a record says of functions: the number of the one standard one, or the codes of up to three others. */
export function functionFields(
  functions: readonly CellFunction[],
  general: boolean,
  clip = Number.POSITIVE_INFINITY,
): {
  ints: Partial<Record<LayerField, number>>;
  floats: Partial<Record<LayerField, number>>;
} {
  const [first] = functions as [CellFunction];
  if (!general) {
    const activation = (ACTIVATIONS as readonly string[]).indexOf(
      nameOf(first),
    );
    return { ints: { activation, general: 0 }, floats: {} };
  }
  const ints: Partial<Record<LayerField, number>> = { general: 1 };
  const floats: Partial<Record<LayerField, number>> = { clip };
  (["f", "g", "h"] as const).forEach((letter, index) => {
    const given = functions[index];
    if (given === undefined) return;
    const { number, a, b } = codeOf(given as CellActivation);
    ints[letter] = number;
    floats[`${letter}a`] = a;
    floats[`${letter}b`] = b;
  });
  return { ints, floats };
}
