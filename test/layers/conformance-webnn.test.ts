import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  GRU,
  LSTM,
  type ActivationName,
  type Backend,
  type State,
  type Tensor,
} from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { join, slice } from "../support/tensors.js";
import { tolerances } from "../support/tolerances.js";

// W3C's own calls of lstm, lstmCell, gru and gruCell (webnn-baseline). Ours are PyTorch's names and gate order.

interface Given {
  shape: number[];
  data: number[];
}
interface Options {
  bias?: Given;
  recurrentBias?: Given;
  peepholeWeight?: Given;
  initialHiddenState?: Given;
  initialCellState?: Given;
  direction?: "forward" | "backward" | "both";
  layout?: string;
  activations?: ActivationName[];
  resetAfter?: boolean;
}
interface Call {
  op: "lstm" | "lstmCell" | "gru" | "gruCell";
  args: (Given | number | Options)[];
  expected: { output: number; data: number[] }[];
  shapes: { output: number; shape: number[] }[];
}

const path = fileURLToPath(
  new URL(
    "../../../shared/conformance/webnn/webnn-baseline.json",
    import.meta.url,
  ),
);
const cases = existsSync(path)
  ? (JSON.parse(readFileSync(path, "utf8")) as {
      name: string;
      calls: Call[];
    }[])
  : [];

const tensor = ({ shape, data }: Given, lead: number[] = []): Tensor => ({
  shape: [...lead, ...shape],
  data: Float32Array.from(data),
});

/** The blocks of an axis of D tensors, gates in the order `from`, as PyTorch orders them; one direction. */
function gatesOf(all: Tensor, direction: number, from: string, to: string) {
  const own = slice(all, 0, direction, direction + 1);
  const size = own.shape[1]! / from.length;
  const blocks = [...to].map((gate) => {
    const at = from.indexOf(gate) * size;
    return slice(own, 1, at, at + size).data;
  });
  return { shape: own.shape.slice(1), data: join(blocks) };
}

/** [T, B, size] and [B, T, size], one from the other. */
function swapped({ shape: [a = 0, b = 0, size = 0], data }: Tensor): Tensor {
  const turned = new Float32Array(data.length);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      turned.set(
        data.subarray((i * b + j) * size, (i * b + j + 1) * size),
        (j * a + i) * size,
      );
  return { shape: [b, a, size], data: turned };
}

/** The outputs of a call, by their index. */
function run({ op, args }: Call, backend: Backend): Tensor[] {
  const isCell = op.endsWith("Cell");
  const lstm = op.startsWith("lstm");
  // Cells have no direction, no steps, and their states as arguments.
  const lead = isCell ? [1] : [];
  const given = (index: number) => tensor(args[index] as Given, lead);
  const options = args.at(-1) as Options;
  const optional = (value: Given | undefined, more: number[] = []) =>
    value && tensor(value, more);
  const [input, weight, recurrent] = [given(0), given(1), given(2)];
  const hidden = isCell ? given(3) : optional(options.initialHiddenState);
  const cell = isCell && lstm ? given(4) : optional(options.initialCellState);
  const [directions, rows = 0] = weight.shape as [number, number];
  const hiddenSize = recurrent.shape[2]!;
  const ours = lstm ? "ifgo" : "rzn";
  const theirs = options.layout ?? (lstm ? "iofg" : "zrn");
  const zeros = {
    shape: [directions, rows],
    data: Array(directions * rows).fill(0),
  };
  const bias = tensor(options.bias ?? zeros, options.bias && lead);
  const recurrentBias = tensor(
    options.recurrentBias ?? zeros,
    options.recurrentBias && lead,
  );
  const peephole = optional(options.peepholeWeight, lead);
  const dict: Record<string, Tensor> = {};
  for (let d = 0; d < directions; d++) {
    const end = `_l0${d ? "_reverse" : ""}`;
    const gates = (all: Tensor) => gatesOf(all, d, theirs, ours);
    dict[`weight_ih${end}`] = gates(weight);
    dict[`weight_hh${end}`] = gates(recurrent);
    dict[`bias_ih${end}`] = gates(bias);
    dict[`bias_hh${end}`] = gates(recurrentBias);
    if (peephole)
      dict[`weight_peephole${end}`] = gatesOf(peephole, d, "iof", "ifo");
  }
  const direction = (
    { forward: "forward", backward: "reverse", both: "bidirectional" } as const
  )[options.direction ?? "forward"];
  const { activations = [], resetAfter = true } = options;
  const common = { direction, activations, backend };
  const layer = lstm
    ? LSTM.fromStateDict(dict, common)
    : GRU.fromStateDict(dict, { ...common, resetAfter });
  const zeroState = tensor({
    shape: [directions, input.shape[1]!, hiddenSize],
    data: Array(directions * input.shape[1]! * hiddenSize).fill(0),
  });
  const state: State = {
    hidden: hidden ?? zeroState,
    ...(lstm && { cell: cell ?? zeroState }),
  };
  const result = layer.forward(swapped(input), { state });
  // [T, B, D·H] → [T, D, B, H]
  const sequence = swapped(result.output);
  const [steps = 0, batch = 0] = sequence.shape;
  const parts: Float32Array[] = [];
  for (let t = 0; t < steps; t++)
    for (let d = 0; d < directions; d++)
      for (let b = 0; b < batch; b++) {
        const at = ((t * batch + b) * directions + d) * hiddenSize;
        parts.push(sequence.data.subarray(at, at + hiddenSize));
      }
  const all = {
    shape: [steps, directions, batch, hiddenSize],
    data: join(parts),
  };
  return [result.state.hidden, ...(lstm ? [result.state.cell!] : []), all];
}

describe.skipIf(!cases.length)(
  "webnn-baseline (skipped where ../shared is absent)",
  () => {
    test("has its 23 calls", () => {
      expect(cases.flatMap(({ calls }) => calls)).toHaveLength(23);
    });

    describe.each(backends)("on %s", (backend) => {
      test.each(cases)("$name", ({ calls }) => {
        for (const call of calls) {
          const outputs = run(call, backend);
          for (const { output, data } of call.expected) {
            const largest = Math.max(1, ...data.map(Math.abs));
            expectClose(
              outputs[output]!.data.map((y) => y / largest),
              data.map((y) => y / largest),
              tolerances.webnn,
              `${call.op}, output ${output}`,
            );
          }
          for (const { output, shape } of call.shapes) {
            const own = outputs[output]!.shape;
            const cell = call.op.endsWith("Cell");
            expect(cell ? own.slice(1) : own).toEqual(shape);
          }
        }
      });
    });
  },
);
