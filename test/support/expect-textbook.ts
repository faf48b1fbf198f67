import { GRU, LSTM, type State, type Tensor } from "../../src/index.js";
import { expectClose, worstError } from "./compare.js";
import type { Recurrent } from "./layers.js";
import { textbook } from "./textbook.js";
import { inFloat32 } from "./textbook-cells.js";

/** How far the equations computed in plain float32 are from themselves in float64. */
export function float32Error(
  layer: Recurrent,
  input: Tensor,
  start: { state?: State },
): number {
  const run = () =>
    textbook(kindOf(layer), layer.options, layer.stateDict(), input, start);
  const [plain, exact] = [inFloat32(run), run()];
  return Math.max(
    worstError(plain.output, exact.output),
    worstError(plain.hidden, exact.hidden),
    worstError(plain.cell, exact.cell),
  );
}

/** Output and final state of a run are those of the equations in float64. */
export function expectTextbook(
  layer: Recurrent,
  input: Tensor,
  start: {
    state?: State;
    lengths?: readonly number[];
    mask?: readonly (readonly number[])[];
  },
  tolerance: number,
  what: string,
): void {
  const kind = kindOf(layer);
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

const kindOf = (layer: Recurrent) =>
  layer instanceof LSTM ? "LSTM" : layer instanceof GRU ? "GRU" : "RNN";
