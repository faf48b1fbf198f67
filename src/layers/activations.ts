import { isRecord, message, oneOf, wrong } from "../checks.js";
import {
  type Activation,
  ACTIVATION_NAMES,
  type CellActivation,
  DEFINITIONS,
} from "../kernel/model.js";

const LETTERS = ["alpha", "beta"] as const;

/** An activation: its name, or { name, alpha, beta }; `more`: further names that are allowed. */
export function checkActivation<More extends Activation = never>(
  value: unknown,
  name: string,
  more: readonly More[] = [],
): CellActivation | More {
  const names = [...ACTIVATION_NAMES, ...more];
  if (!isRecord(value)) return oneOf(value, name, names) as CellActivation;
  const chosen = oneOf(value["name"], `${name}.name`, ACTIVATION_NAMES);
  const { length } = DEFINITIONS[chosen].defaults;
  const checked: { name: typeof chosen; alpha?: number; beta?: number } = {
    name: chosen,
  };
  LETTERS.forEach((letter, index) => {
    const number = value[letter];
    if (number === undefined) return;
    if (index >= length || !Number.isFinite(number)) {
      const expected =
        index < length ? "a finite number" : `none for ${chosen}`;
      const right = typeof number === "number";
      throw wrong(right, `${name}.${letter}`, expected, number);
    }
    checked[letter] = number as number;
  });
  return Object.freeze(checked);
}

/** An activation in reports: its name, with alpha and beta if they were given. */
export const activationText = (activation: Activation | CellActivation) =>
  typeof activation === "string" ? activation : JSON.stringify(activation);

/** The activations of a cell that has `functions` of them: none, one set, or (`both`) one set for each direction. */
export function checkActivations(
  value: unknown,
  functions: number,
  both: boolean,
): readonly CellActivation[] {
  if ((value ?? null) === null) return Object.freeze([]);
  const counts = both ? `${functions} or ${functions * 2}` : `${functions}`;
  if (!Array.isArray(value))
    throw wrong(false, "activations", `an array of ${counts}`, value);
  const { length } = value;
  const fits = !(length % functions) && length <= functions * (both ? 2 : 1);
  if (!fits) throw new RangeError(message("activations", counts, `${length}`));
  return Object.freeze(
    value.map((each, index) => checkActivation(each, `activations[${index}]`)),
  );
}
