import type { KernelFunction } from "../contract.js";
import { recurrence } from "../js/recurrence.js";
import { rnnStep } from "../js/rnn.js";
import { consecutive, BOTH, NO_BIAS, PackedRows } from "../pack/rows.js";
import { panelsOf } from "../sizes.js";
import { isStandard } from "./functions.js";
import {
  hiddenMatrix,
  inputMatrix,
  recurrentCell,
  type RecurrentKind,
} from "./recurrent.js";

const RUN: KernelFunction = {
  name: "recurrent",
  js: (memory) => recurrence(memory, "RNN", () => rnnStep),
};

/** Elman's network: a unit has one row, so a panel is 16 units. */
export const rnnKind: RecurrentKind<object> = {
  type: "RNN",
  gates: [{ name: "hidden", pytorch: "h", keras: "h", onnx: "i" }],
  orders: { pytorch: "h", keras: "h", onnx: "i" },
  peepholes: null,
  activations: ["tanh"],
  optional: {},
  states: ({ outputSize }) => [{ name: "hidden", size: outputSize }],
  cell(spec) {
    const { hiddenSize, activations, clip } = spec;
    const [activation] = activations as [string];
    const rows = (bias: number) =>
      new PackedRows(
        consecutive(hiddenSize, [0], (_, unit) => ({ row: unit, bias })),
      );
    return recurrentCell(rnnKind, spec, {
      run: RUN,
      general: clip < Infinity || !isStandard(activation as "tanh"),
      zPanels: panelsOf(hiddenSize),
      scratch: 0,
      traced: [],
      matrices: (inputWidth) => [
        inputMatrix(spec, inputWidth, rows(BOTH)),
        hiddenMatrix(spec, "recurrent", rows(NO_BIAS)),
      ],
    });
  },
};
