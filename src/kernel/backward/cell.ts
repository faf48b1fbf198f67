import { codeOf } from "../activations.js";
import { hasStandard } from "../cells/recurrent.js";
import { lanesOf, panelsOf } from "./arena.js";
import { type CellPlaces, layCell, namesOf } from "./cell-layout.js";
import type { CellFunctions } from "./cell-record.js";
import { TRAINED_KINDS } from "./cells/index.js";
import { type CellSpec, type Plan, widthsOf } from "./cells/kind.js";
import type { Layout } from "./parameters.js";

/** The fields of the record that hold each part of a state: before the first step and then after each, and its gradient. */
const STATE_FIELDS = [
  { state: "y", gradient: "dh" },
  { state: "c", gradient: "dc" },
] as const;

export const fieldsOf = (part: number) =>
  STATE_FIELDS[part] as (typeof STATE_FIELDS)[number];

/** A layer and direction of RNN, LSTM or GRU: its parameters, and how it is run by cell-forward.ts and cell-backward.ts. */
export class Cell {
  readonly spec: CellSpec;
  readonly names: readonly string[];
  readonly output: number; // lanes
  /** What a step of a row leaves in the arena, both ways. */
  readonly stepFloats: number;
  /** The widest rows whose gradient is made. */
  readonly widest: number;
  readonly plan: Plan;
  /** Whether it clips, peeps, couples, or has functions that are not the standard ones. */
  readonly general: boolean;
  readonly functions: CellFunctions;
  readonly places: CellPlaces;
  /** Of each part of the state: its numbers, and lanes of a row of it and of its gradient. */
  readonly parts: readonly { size: number; lanes: number; back: number }[];

  constructor(spec: CellSpec, layout: Layout) {
    this.spec = spec;
    const kind = TRAINED_KINDS[spec.kind];
    const plan = kind.plan(spec);
    const { activations, clip, peepholes, coupled } = spec;
    this.plan = plan;
    this.general =
      clip !== Number.POSITIVE_INFINITY ||
      peepholes ||
      coupled ||
      !hasStandard(kind.kind, spec);
    this.functions = {
      curves: activations.map(codeOf),
      clip,
      flags: plan.flags,
    };
    this.names = namesOf(spec, kind);
    this.places = layCell(spec, kind, plan, layout);
    const { output, outputPanels, hidden } = widthsOf(spec);
    this.output = output;
    // dh comes in panels, as products leave it, dc in quads
    this.parts = kind.kind.states(spec).map(({ size }, part) => ({
      size,
      lanes: lanesOf(size),
      back: part ? hidden : outputPanels,
    }));
    const { z, second } = plan;
    const input = panelsOf(lanesOf(spec.inputSize));
    this.widest = Math.max(lanesOf(spec.inputSize), output, second?.k ?? 0);
    this.stepFloats =
      z * (this.general ? 2 : 1) +
      (this.parts.length - 1) * 2 * hidden +
      2 * output +
      2 * outputPanels +
      (second ? panelsOf(second.k) : 0) +
      2 * input;
  }
}
