/*
 * What operators share that move numbers and change none.
 */
import type { Call, Translate } from "./call.js";

/** What an operator does, told the values of its inputs. */
type Move = (call: Call, x: string) => string;

/** The numbers are those of the first input, integers as they are where both stand for the same. */
export const moved =
  (move: Move): Translate =>
  (call) => {
    if (sameScale(call)) call.giveStored(move(call, call.stored()));
    else call.give(move(call, call.real()));
  };

/** Whether integers of the first input mean in the output what they mean there. */
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
