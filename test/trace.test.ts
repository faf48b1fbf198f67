import { describe, expect, test } from "vitest";
import type { Tensor } from "../src/index.js";
import {
  expectClose,
  expectSameBits,
  expectSameState,
  expectSameTensor,
} from "./support/compare.js";
import {
  backends,
  cells,
  create,
  someGeneralCells,
  randomState,
  type AnyOptions,
  type Cell,
} from "./support/layers.js";
import { Random } from "./support/random.js";
import { at, slice } from "./support/tensors.js";
import { textbook, type TextbookStep } from "./support/textbook.js";
import { tolerances } from "./support/tolerances.js";

const names = {
  RNN: ["hidden"],
  LSTM: ["input", "forget", "candidate", "output", "cell", "hidden"],
  GRU: ["reset", "update", "candidate", "hidden"],
} as const;

const projected: Cell & { name: string } = {
  name: "LSTM with a projection",
  kind: "LSTM",
  options: { projSize: 3 },
};

const input = new Random(1).tensor([2, 520, 3]); // several chunks of the kernel
const optionsOf = ({ options }: Cell): AnyOptions => ({
  inputSize: 3,
  hiddenSize: 18,
  numLayers: 2,
  direction: "bidirectional",
  ...options,
});
/** The steps of each cell by the textbook, once for all backends: their weights are the same. */
const theory = [
  ...cells,
  projected,
  ...someGeneralCells.filter(({ kind }) => kind !== "RNN"),
].map((cell) => {
  const { kind } = cell;
  const weights = create(kind, optionsOf(cell)).stateDict();
  return {
    ...cell,
    steps: textbook(kind, optionsOf(cell), weights, input).steps,
  };
});

describe.each(backends)("the trace on %s", (backend) => {
  describe.each(theory)("$name", ({ kind, options, steps }) => {
    const full = optionsOf({ kind, ...(options && { options }) });
    const layer = create(kind, { ...full, backend });

    test("holds every gate of every step, layer and direction, as the textbook has it", () => {
      const { trace } = layer.forward(input, { trace: true });
      expect(trace!.map(({ layer, direction }) => [layer, direction])).toEqual([
        [0, "forward"],
        [0, "reverse"],
        [1, "forward"],
        [1, "reverse"],
      ]);
      for (const entry of trace!) {
        const gates = Object.keys(entry).filter(
          (key) => key !== "layer" && key !== "direction",
        );
        expect(gates.sort()).toEqual([...names[kind]].sort());
        for (const name of names[kind]) {
          const { shape, data } = entry[name] as Tensor;
          const width = name === "hidden" ? (full.projSize ?? 18) : 18;
          expect(shape, name).toEqual([2, 520, width]);
          const own = steps.filter(
            ({ layer, direction }) =>
              layer === entry.layer && direction === entry.direction,
          );
          expectClose(
            data,
            flat(own, name, 520, width),
            tolerances.equations,
            `layer ${entry.layer}, ${entry.direction}, ${name}`,
          );
        }
      }
    });

    test("changes nothing in the result, and is there only when asked for", () => {
      expect(layer.forward(input).trace).toBeUndefined();
      expect(layer.forward(input, { trace: false }).trace).toBeUndefined();
      const state = randomState(new Random(2), kind, full, 2);
      for (const start of [
        {},
        { state },
        { lengths: [520, 77] },
        { state, lengths: [3, 519] },
      ]) {
        const traced = layer.forward(input, { ...start, trace: true });
        const plain = layer.forward(input, start);
        expectSameTensor(traced.output, plain.output);
        expectSameState(traced.state, plain.state);
      }
    });

    test("of a shorter sequence is that of its own run", () => {
      const { trace } = layer.forward(input, {
        lengths: [520, 77],
        trace: true,
      });
      const alone = layer.forward(slice(at(input, 0, 1), 0, 0, 77), {
        trace: true,
      });
      trace!.forEach((entry, i) => {
        for (const name of names[kind]) {
          const own = slice(at(entry[name] as Tensor, 0, 1), 0, 0, 77);
          expectSameTensor(own, alone.trace![i]![name] as Tensor, name);
        }
      });
    });

    test("of an input without a batch axis has none either", () => {
      const alone = { shape: [520, 3], data: input.data.slice(0, 1560) };
      const [first] = layer.forward(alone, { trace: true }).trace!;
      const [batch] = layer.forward(input, { trace: true }).trace!;
      for (const name of names[kind]) {
        const { shape, data } = first![name] as Tensor;
        expect(shape.length, name).toBe(2);
        expectSameBits(
          data,
          (batch![name] as Tensor).data.slice(0, data.length),
          name,
        );
      }
    });
  });
});

/** One gate of all steps in the order of the trace, [B, T, width]. */
function flat(
  steps: TextbookStep[],
  name: (typeof names)["LSTM" | "GRU"][number],
  time: number,
  width: number,
): Float64Array {
  const all = new Float64Array(steps.length * width);
  for (const step of steps)
    all.set(step.gates[name]!, (step.row * time + step.time) * width);
  return all;
}
