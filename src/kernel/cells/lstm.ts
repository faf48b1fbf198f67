import type { KernelFunction } from "../contract.js";
import { generalLstmStep } from "../js/general-lstm.js";
import { lstmStep } from "../js/lstm.js";
import { recurrence } from "../js/recurrence.js";
import {
  BOTH,
  consecutive,
  interleaved,
  NO_BIAS,
  PackedRows,
} from "../pack/rows.js";
import { lanesOf, quadsOf } from "../sizes.js";
import { type CellVector, unitColumns } from "./cell.js";
import {
  hasStandard,
  hiddenMatrix,
  inputMatrix,
  matrixOf,
  recurrentCell,
  type RecurrentKind,
  type RecurrentSpec,
  sumFloats,
} from "./recurrent.js";

const RUN: KernelFunction = {
  name: "recurrent",
  js: (memory) =>
    recurrence(memory, "LSTM", ({ general }) =>
      general ? generalLstmStep : lstmStep,
    ),
};

/** Options that only an LSTM has. */
export interface LstmFeatures {
  readonly peepholes: boolean;
  readonly coupled: boolean; // f = 1 - i
  readonly cellClip: number; // of c; ∞: none
}

/** Long short-term memory: a panel holds the four gates of four units. */
export const lstmKind: RecurrentKind<LstmFeatures> = {
  type: "LSTM",
  gates: [
    { name: "input", pytorch: "i", keras: "i", onnx: "i" },
    { name: "forget", pytorch: "f", keras: "f", onnx: "f" },
    { name: "candidate", pytorch: "g", keras: "c", onnx: "c" },
    { name: "output", pytorch: "o", keras: "o", onnx: "o" },
  ],
  orders: { pytorch: "i f g o", keras: "i f c o", onnx: "i o f c" },
  peepholes: { pytorch: "i f o", onnx: "i o f" },
  activations: ["sigmoid", "tanh", "tanh"],
  optional: {
    weight_hr: ({ hiddenSize, outputSize }) => [outputSize, hiddenSize],
    weight_peephole: ({ hiddenSize }) => [PEEPHOLES * hiddenSize],
  },
  states: ({ hiddenSize, outputSize }) => [
    { name: "hidden", size: outputSize },
    { name: "cell", size: hiddenSize },
  ],
  cell(spec, { peepholes, coupled, cellClip }) {
    const { hiddenSize, outputSize, clip } = spec;
    const projected = outputSize !== hiddenSize;
    const rows = (bias: number) =>
      new PackedRows(
        interleaved(hiddenSize, [0, 1, 2, 3], (gate, unit) => ({
          row: gate * hiddenSize + unit,
          bias,
        })),
      );
    return recurrentCell(lstmKind, spec, {
      run: RUN,
      general:
        clip < Infinity ||
        cellClip < Infinity ||
        peepholes ||
        coupled ||
        !hasStandard(lstmKind, spec),
      zPanels: quadsOf(hiddenSize),
      // the cell's output before the projection, and the projection's sums
      scratch: projected ? lanesOf(hiddenSize) + sumFloats(outputSize) : 0,
      traced: ["input", "forget", "candidate", "output", "cell"].map(
        (name) => ({ name, complement: false }),
      ),
      ints: { coupled: coupled ? 1 : 0 },
      floats: { cellClip },
      vectors: peepholes ? [peepholesOf(spec)] : [],
      matrices: (inputWidth) => [
        inputMatrix(spec, inputWidth, rows(BOTH)),
        hiddenMatrix(spec, "recurrent", rows(NO_BIAS)),
        ...(projected ? [projectionOf(spec)] : []),
      ],
    });
  },
};

/** W_hr. */
function projectionOf(spec: RecurrentSpec) {
  const { hiddenSize, outputSize } = spec;
  const rows = consecutive(outputSize, [0], (_, unit) => ({
    row: unit,
    bias: NO_BIAS,
  }));
  return {
    ...matrixOf(spec, "weight_hr", hiddenSize, new PackedRows(rows)),
    field: "projection",
    columns: unitColumns(hiddenSize),
  };
}

/** The gates that see c, in the order of `weight_peephole`: i f o. */
const PEEPHOLES = 3;

/** By quads: [ p_i ×4 | p_f ×4 | p_o ×4 ] … */
function peepholesOf({ hiddenSize, parameter }: RecurrentSpec): CellVector {
  const length = quadsOf(hiddenSize) * PEEPHOLES * 4;
  return {
    field: "peepholes",
    length,
    write(target, start) {
      const weights = parameter("weight_peephole") as Float32Array;
      target.fill(0, start, start + length);
      for (let gate = 0; gate < PEEPHOLES; gate++) {
        for (let unit = 0; unit < hiddenSize; unit++) {
          const quad = (unit >> 2) * PEEPHOLES + gate;
          const weight = weights[gate * hiddenSize + unit] as number;
          target[start + quad * 4 + (unit & 3)] = weight;
        }
      }
    },
  };
}
