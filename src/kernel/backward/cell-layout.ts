import { type CellSizes, parametersOf } from "../cells/recurrent.js";
import { lanesOf, panelsOf } from "./arena.js";
import type { CellSpec, Plan, TrainedKind } from "./cells/kind.js";
import {
  biasPlace,
  type Layout,
  matrix,
  panelPlace,
  type Place,
  vector,
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

type Home = Pick<Place, "at"> & Partial<Place>;

/** Lays a cell's panels out, and says for each of its parameters where its numbers lie. */
export function layCell(
  spec: CellSpec,
  { kind }: TrainedKind,
  { z, recurrent: recurrentLanes, gates, second: other }: Plan,
  layout: Layout,
): CellPlaces {
  const { inputSize, hiddenSize, outputSize } = spec;
  const rows = gates.length * hiddenSize;
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
  const inSecond = (row: number, column: number) =>
    panelPlace(second, other?.k ?? 0, row, column);
  const backInSecond = (row: number, column: number) =>
    panelPlace(secondBack, other?.lanes ?? 0, column, row);
  const inputBias = (row: number) => biasPlace(input, k, lane(row));
  const peepholes = spec.peepholes
    ? layout.floats(PEEPHOLES * lanesOf(hiddenSize))
    : -1;
  const peephole = (i: number) =>
    peepholes + gateOf(i) * lanesOf(hiddenSize) + unitOf(i);
  const states = kind
    .states(spec)
    .map(({ size }) => (spec.learnedState ? layout.floats(size) : -1));
  const homes: Readonly<Record<string, () => Home>> = {
    weight_ih: () => ({
      at: matrix(rows, inputSize, (row, column) =>
        panelPlace(input, k, lane(row), column),
      ),
      back: matrix(rows, inputSize, (row, column) =>
        panelPlace(inputBack, z, column, lane(row)),
      ),
    }),
    weight_hh: () => ({
      at: matrix(rows, outputSize, (row, column) =>
        apart(row)
          ? inSecond(unitOf(row), column)
          : panelPlace(recurrent, output, lane(row), column),
      ),
      back: matrix(rows, outputSize, (row, column) =>
        apart(row)
          ? backInSecond(unitOf(row), column)
          : panelPlace(recurrentBack, recurrentLanes, column, lane(row)),
      ),
    }),
    bias_ih: () => ({ at: vector(rows, inputBias), shared: true }),
    bias_hh: () => ({
      at: vector(rows, (row) =>
        other?.biased && apart(row)
          ? biasPlace(second, other.k, unitOf(row))
          : inputBias(row),
      ),
      shared: true,
    }),
    weight_hr: () => ({
      at: matrix(outputSize, hiddenSize, inSecond),
      back: matrix(outputSize, hiddenSize, backInSecond),
    }),
    weight_peephole: () => ({ at: vector(PEEPHOLES * hiddenSize, peephole) }),
  };
  kind.states(spec).forEach(({ name, size }, part) => {
    const start = states[part] as number;
    Object.assign(homes, {
      [`${name}0`]: () => ({ at: vector(size, (i) => start + i) }),
    });
  });
  for (const [name, shape] of parametersOf(kind, spec, choiceOf(spec)))
    layout.places.push({
      back: null,
      shared: false,
      ...(homes[name] as () => Home)(),
      name: `${spec.prefix}${name}${spec.suffix}`,
      shape,
    });
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
