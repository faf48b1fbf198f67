import { createHash } from "node:crypto";
import { GRU, LSTM, type State, type Tensor } from "../../src/index.js";
import { expectClose, worstError } from "./compare.js";
import type { Recurrent } from "./layers.js";
import { textbook, type TextbookResult } from "./textbook.js";
import { inFloat32 } from "./textbook-cells.js";

interface Start {
  state?: State;
  lengths?: readonly number[];
  mask?: readonly (readonly number[])[];
}

type Results = Pick<TextbookResult, "output" | "hidden" | "cell">;

const known = new Map<string, Results>();

/** The equations in float64, computed once for all backends: the textbook takes far longer than any of them. */
function theory(layer: Recurrent, input: Tensor, start: Start): Results {
  const { backend: _, ...options } = layer.options;
  const weights = layer.stateDict();
  const hash = createHash("sha1");
  // every number that goes into the result, and the names and shapes around them
  const shapes = JSON.stringify(
    [kindOf(layer), options, weights, input, start],
    (_key, value: unknown) => {
      if (!(value instanceof Float32Array)) return value;
      hash.update(value);
      return value.length;
    },
  );
  const key = hash.update(shapes).digest("base64");
  let results = known.get(key);
  if (!results) {
    const kind = kindOf(layer);
    const { output, hidden, cell } = textbook(
      kind,
      options,
      weights,
      input,
      start,
    );
    known.set(key, (results = { output, hidden, cell }));
  }
  return results;
}

/** How far the equations computed in plain float32 are from themselves in float64. */
export function float32Error(
  layer: Recurrent,
  input: Tensor,
  start: { state?: State },
): number {
  const plain = inFloat32(() =>
    textbook(kindOf(layer), layer.options, layer.stateDict(), input, start),
  );
  const exact = theory(layer, input, start);
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
  start: Start,
  tolerance: number,
  what: string,
): void {
  const { output, state } = layer.forward(input, start);
  const expected = theory(layer, input, start);
  expectClose(output.data, expected.output, tolerance, `${what}: output`);
  expectClose(state.hidden.data, expected.hidden, tolerance, `${what}: hidden`);
  if (layer instanceof LSTM)
    expectClose(state.cell!.data, expected.cell, tolerance, `${what}: cell`);
}

const kindOf = (layer: Recurrent) =>
  layer instanceof LSTM ? "LSTM" : layer instanceof GRU ? "GRU" : "RNN";
