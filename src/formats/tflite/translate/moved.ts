/*
 * Shared by operators that move numbers without changing them.
 */
import type { Call, Translate } from "./call.js";

/** Adds an operator's nodes for the value of its first input. */
type Move = (call: Call, x: string) => string;

/** The output has the numbers of the first input: as integers if both have the same scale, otherwise as floats. */
export const moved =
  (move: Move): Translate =>
  (call) => {
    if (sameScale(call)) call.giveStored(move(call, call.stored()));
    else call.give(move(call, call.real()));
  };

/** Whether an input and the output are quantised with the same scale and zero point. */
export function sameScale(call: Call, input = 0): boolean {
  const { scope } = call;
  const [from, to] = [call.tensor(input), call.target()];
  if (!scope.isQuantized(from) || !scope.isQuantized(to)) return false;
  const [a, b] = [from.quantization, to.quantization];
  return (
    from.type === to.type &&
    a?.scales.length === 1 &&
    b?.scales.length === 1 &&
    a.scales[0] === b.scales[0] &&
    a.zeros[0] === b.zeros[0]
  );
}
