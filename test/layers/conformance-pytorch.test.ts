import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  GRU,
  LSTM,
  type State,
  type StateDict,
  type Tensor,
} from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";

// PyTorch results that another project (robertknight/rten) made and this one only reads.
const file = new URL(
  "../../../shared/conformance/pytorch/rten.json",
  import.meta.url,
);

type Printed = [shape: number[], data: number[]];
interface Run {
  input: Printed;
  output: Printed;
  params: Record<string, Printed>;
  initial_hidden?: Printed;
  initial_cell?: Printed;
}

const tensorOf = ([shape, data]: Printed): Tensor => ({
  shape,
  data: Float32Array.from(data),
});

describe.skipIf(!existsSync(file))(
  "PyTorch results of robertknight/rten (skipped where ../shared is absent)",
  () => {
    const all = existsSync(file)
      ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, Run>)
      : {};
    const runs = Object.entries(all).filter(([name]) =>
      /^(lstm|gru)_/.test(name),
    );

    test("LSTM and GRU are there, forwards, bidirectional and with an initial state", () => {
      const wanted = ["lstm", "gru"].flatMap((kind) =>
        ["forwards", "bidirectional", "initial"].map(
          (what) => `${kind}_${what}`,
        ),
      );
      expect(runs.map(([name]) => name).sort()).toEqual(wanted.sort());
    });

    describe.each(backends)("on %s", (backend) => {
      test.each(runs)(
        "%s",
        (name, { input, output, params, initial_hidden, initial_cell }) => {
          const weights: StateDict = Object.fromEntries(
            Object.entries(params).map(([key, value]) => [
              key,
              tensorOf(value),
            ]),
          );
          const layer = (name.startsWith("lstm") ? LSTM : GRU).fromStateDict(
            weights,
            { backend },
          );
          const state: State | undefined = initial_hidden && {
            hidden: tensorOf(initial_hidden),
            ...(initial_cell && { cell: tensorOf(initial_cell) }),
          };
          const result = layer.forward(tensorOf(input), state && { state });
          expect(result.output.shape).toEqual(output[0]);
          expectClose(
            result.output.data,
            output[1],
            tolerances.conformance,
            "output",
          );
        },
      );
    });
  },
);
