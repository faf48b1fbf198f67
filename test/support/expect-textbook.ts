import { GRU, LSTM, type State, type Tensor } from "../../src/index.js";
import { expectClose } from "./compare.js";
import type { Recurrent } from "./layers.js";
import { textbook } from "./textbook.js";

/** Output and final state of a run are those of the equations in float64. */
export function expectTextbook(
  layer: Recurrent,
  input: Tensor,
  start: { state?: State; lengths?: readonly number[] },
  tolerance: number,
  what: string,
): void {
  const kind =
    layer instanceof LSTM ? "LSTM" : layer instanceof GRU ? "GRU" : "RNN";
  const { output, state } = layer.forward(input, start);
  const expected = textbook(
    kind,
    layer.options,
    layer.stateDict(),
    input,
    start,
  );
  expectClose(output.data, expected.output, tolerance, `${what}: output`);
  expectClose(state.hidden.data, expected.hidden, tolerance, `${what}: hidden`);
  if (kind === "LSTM")
    expectClose(state.cell!.data, expected.cell, tolerance, `${what}: cell`);
}
