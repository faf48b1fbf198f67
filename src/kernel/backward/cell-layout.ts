import { type CellSizes, parametersOf } from "../cells/recurrent.js";
import { lanesOf, panelsOf } from "./arena.js";
import type { CellSpec, Plan, TrainedKind } from "./cells/kind.js";
import {
  backLine,
  biasPlace,
  type Layout,
  panelLine,
  type Place,
  runLine,
} from "./parameters.js";

/** Where a cell's parts lie, in floats: of the region of weights, or, `…Back`, of transposed ones; -1: it has none. */
export interface CellPlaces {
  readonly input: number;
  readonly inputBack: number;
  readonly recurrent: number;
  readonly recurrentBack: number;
  readonly second: number;
  readonly secondBack: number;
  readonly peepholes: number;
  /** The learned state, part by part. */
  readonly states: readonly number[];
}

type Home = Pick<Place, "lineOf"> & Partial<Place>;

/** Lays a cell's panels out, and says for each of its parameters where its numbers lie. */
export function layCell(
  spec: CellSpec,
  { kind }: TrainedKind,
  { z, recurrent: recurrentLanes, gates, second: other }: Plan,
  layout: Layout,
): CellPlaces {
  const { inputSize, hiddenSize, outputSize } = spec;
  const k = lanesOf(inputSize);
  const output = lanesOf(outputSize);
  const input = layout.panels(z, k);
  const recurrent = layout.panels(recurrentLanes, output);
  const inputBack = layout.transposedPanels(panelsOf(k), z);
  const recurrentBack = layout.transposedPanels(
    panelsOf(output),
    recurrentLanes,
  );
  const second = other ? layout.panels(other.lanes, other.k) : -1;
  const secondBack = other
    ? layout.transposedPanels(panelsOf(other.k), other.lanes)
    : -1;
  const gateOf = (row: number) => Math.floor(row / hiddenSize);
  const unitOf = (row: number) => row % hiddenSize;
  /** The lane of z that a row of W has. */
  const lane = (row: number) => (gates[gateOf(row)] as number) + unitOf(row);
  const apart = (row: number) => other?.gate === gateOf(row);
  const inSecond = (row: number) => panelLine(second, other?.k ?? 0, row);
  const backInSecond = (row: number) =>
    backLine(secondBack, other?.lanes ?? 0, row);
  const inputBias = (row: number) => biasPlace(input, k, lane(row));
  const peepholes = spec.peepholes
    ? layout.floats(PEEPHOLES * lanesOf(hiddenSize))
    : -1;
  const peephole = (i: number) =>
    peepholes + gateOf(i) * lanesOf(hiddenSize) + unitOf(i);
  const states = kind
    .states(spec)
    .map(({ size }) => (spec.learnedState ? layout.floats(size) : -1));
  const homes: Readonly<Record<string, Home>> = {
    weight_ih: {
      lineOf: (row) => panelLine(input, k, lane(row)),
      backOf: (row) => backLine(inputBack, z, lane(row)),
    },
    weight_hh: {
      lineOf: (row) =>
        apart(row)
          ? inSecond(unitOf(row))
          : panelLine(recurrent, output, lane(row)),
      backOf: (row) =>
        apart(row)
          ? backInSecond(unitOf(row))
          : backLine(recurrentBack, recurrentLanes, lane(row)),
    },
    bias_ih: { lineOf: (row) => runLine(inputBias(row)), shared: true },
    bias_hh: {
      lineOf: (row) =>
        runLine(
          other?.biased && apart(row)
            ? biasPlace(second, other.k, unitOf(row))
            : inputBias(row),
        ),
      shared: true,
    },
    weight_hr: { lineOf: inSecond, backOf: backInSecond },
    weight_peephole: { lineOf: (i) => runLine(peephole(i)) },
    ...Object.fromEntries(
      kind
        .states(spec)
        .map(({ name }, part) => [
          `${name}0`,
          { lineOf: (i: number) => runLine((states[part] as number) + i) },
        ]),
    ),
  };
  for (const [name, shape] of parametersOf(kind, spec, choiceOf(spec))) {
    const [rows, columns = 1] = shape as [number, number?];
    layout.places.push({
      backOf: null,
      columnsOf: null,
      shared: false,
      rows,
      columns,
      ...(homes[name] as Home),
      name: `${spec.prefix}${name}${spec.suffix}`,
      shape,
    });
  }
  return {
    input,
    inputBack,
    recurrent,
    recurrentBack,
    second,
    secondBack,
    peepholes,
    states,
  };
}

const choiceOf = (spec: CellSpec) => ({
  bias: spec.bias,
  projection: isProjected(spec),
  peepholes: spec.peepholes,
  learnedState: spec.learnedState,
});

const isProjected = ({ hiddenSize, outputSize }: CellSizes): boolean =>
  hiddenSize !== outputSize;

/** The gates that see c: i, f and o. */
const PEEPHOLES = 3;

/** A cell's parameters by their full names. */
export const namesOf = (spec: CellSpec, { kind }: TrainedKind): string[] =>
  parametersOf(kind, spec, choiceOf(spec)).map(
    ([name]) => `${spec.prefix}${name}${spec.suffix}`,
  );
