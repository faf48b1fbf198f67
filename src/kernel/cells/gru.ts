import type { KernelFunction } from "../contract.js";
import { generalGruStep } from "../js/general-gru.js";
import { gruAfterStep, gruBeforeStep } from "../js/gru.js";
import { recurrence } from "../js/recurrence.js";
import {
  BOTH,
  consecutive,
  INNER,
  interleaved,
  NO_BIAS,
  OUTER,
  PackedRows,
  type Row,
} from "../pack/rows.js";
import { PANEL, quadsOf } from "../sizes.js";
import type { CellMatrix } from "./cell.js";
import {
  hasStandard,
  hiddenMatrix,
  inputMatrix,
  recurrentCell,
  type RecurrentKind,
  type RecurrentSpec,
  sumFloats,
} from "./recurrent.js";

const RUN: KernelFunction = {
  name: "recurrent",
  js: (memory) =>
    recurrence(memory, "GRU", ({ general, candidate }) => {
      if (general) return generalGruStep;
      return candidate ? gruBeforeStep : gruAfterStep;
    }),
};

/** Options that only a GRU has. */
export interface GruFeatures {
  readonly resetBefore: boolean; // n = tanh(W x + b + U (r ∘ h))
  readonly replace: boolean; // z multiplies the candidate
}

const UPDATE = 1;
const CANDIDATE = 2;

/** Gated recurrent unit: its gates lie side by side, or apart where the candidate's product waits for all of r. */
export const gruKind: RecurrentKind<GruFeatures> = {
  type: "GRU",
  gates: [
    { name: "reset", pytorch: "r", keras: "r", onnx: "r" },
    { name: "update", pytorch: "z", keras: "z", onnx: "z" },
    { name: "candidate", pytorch: "n", keras: "h", onnx: "h" },
  ],
  orders: { pytorch: "r z n", keras: "z r h", onnx: "z r h" },
  peepholes: null,
  activations: ["sigmoid", "tanh"],
  optional: {},
  states: ({ outputSize }) => [{ name: "hidden", size: outputSize }],
  cell(spec, { resetBefore, replace }) {
    const { hiddenSize } = spec;
    const general = spec.clip < Infinity || !hasStandard(gruKind, spec);
    const apart = resetBefore || general;
    const quads = quadsOf(hiddenSize);
    const zPanels = apart
      ? Math.ceil(quads / 2) + Math.ceil(quads / 4)
      : Math.ceil((quads * 3) / 4);
    // The standard step knows one polarity of z; the other is σ(-a) = 1 - σ(a), which no other function need be.
    const negated = replace && !general;
    return recurrentCell(gruKind, spec, {
      run: RUN,
      general,
      zPanels,
      // r ∘ h or the candidate's sums, else U h in the order of z
      scratch: apart ? sumFloats(hiddenSize) : zPanels * PANEL,
      traced: gruKind.gates.map(({ name }, gate) => ({
        name,
        // the kernel's update gate keeps h; one that replaces it is its complement
        complement: gate === UPDATE && replace,
      })),
      ints: { resetAfter: resetBefore ? 0 : 1, replace: replace ? 1 : 0 },
      matrices: (inputWidth) =>
        apart
          ? gatesApart(spec, inputWidth, resetBefore, negated)
          : sideBySide(spec, inputWidth, negated),
    });
  },
};

/** The rows of gates, with the biases of `biasOf`. */
const rowsWith =
  (units: number, negated: boolean, biasOf: (gate: number) => number) =>
  (gate: number, unit: number): Row => ({
    row: gate * units + unit,
    bias: biasOf(gate),
    negated: negated && gate === UPDATE,
  });

/** 12 rows a quad. The candidate's two sums stay apart, each with its own bias: r multiplies the second. */
function sideBySide(
  spec: RecurrentSpec,
  inputWidth: number,
  negated: boolean,
): CellMatrix[] {
  const { hiddenSize: units } = spec;
  const rows = (gates: number, candidate: number) => {
    const biasOf = (gate: number) => (gate === CANDIDATE ? candidate : gates);
    const rowOf = rowsWith(units, negated, biasOf);
    return new PackedRows(interleaved(units, [0, UPDATE, CANDIDATE], rowOf));
  };
  return [
    inputMatrix(spec, inputWidth, rows(BOTH, INNER)),
    hiddenMatrix(spec, "recurrent", rows(NO_BIAS, OUTER)),
  ];
}

/** r and z of all units, then the candidate, whose rows of U are a matrix of their own. */
function gatesApart(
  spec: RecurrentSpec,
  inputWidth: number,
  resetBefore: boolean,
  negated: boolean,
): CellMatrix[] {
  const { hiddenSize: units } = spec;
  const rows = (gates: readonly number[], bias: number) =>
    consecutive(
      units,
      gates,
      rowsWith(units, negated, () => bias),
    );
  const first = [0, UPDATE];
  const [inX, inH] = resetBefore ? [BOTH, NO_BIAS] : [INNER, OUTER];
  const input = [...rows(first, BOTH), ...rows([CANDIDATE], inX)];
  const candidate = rows([CANDIDATE], inH);
  return [
    inputMatrix(spec, inputWidth, new PackedRows(input)),
    hiddenMatrix(spec, "recurrent", new PackedRows(rows(first, NO_BIAS))),
    hiddenMatrix(spec, "candidate", new PackedRows(candidate)),
  ];
}
