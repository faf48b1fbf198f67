import type { MergeMode } from "../merge.js";
import { panelsOf, type Rows } from "./arena.js";
import { Cell } from "./cell.js";
import type { Ends } from "./cell-backward.js";
import type { CellSpec } from "./cells/kind.js";
import { type CellRun, runCell } from "./checkpointed.js";
import { inOrder, outOfOrder } from "./directions.js";
import { merged, unmerged } from "./merge.js";
import { gather, scatterAdd } from "./moves.js";
import {
  type MaskRule,
  type Route,
  routeOf,
  type Steps,
  stepsOf,
  reversedMask,
} from "./packing.js";
import type { Layout } from "./parameters.js";
import type {
  BackFlow,
  CellStates,
  Flow,
  Machine,
  Operation,
  Step,
  Trained,
} from "./run.js";
import type { Work } from "./work.js";

/** One layer of an RNN, LSTM or GRU, in its one or two directions. */
export interface RecurrentSpec {
  readonly type: "recurrent";
  readonly cells: readonly CellSpec[];
  readonly merge: MergeMode;
  readonly lastOnly: boolean;
  /** Whether outputs come in the order in which they are computed. */
  readonly asProcessed: boolean;
  readonly maskRule: MaskRule;
  /** Of a layer that gives them so and is not the last of its stack: the mask of the next one is reversed too. */
  readonly stacked: boolean;
  /** How likely a unit of h is dropped, one mask a sequence; 0: never. */
  readonly dropout: number;
}

interface Direction {
  readonly cell: Cell;
  readonly route: Route;
  readonly run: CellRun;
  readonly start: CellStates | null;
}

/** The outputs of each direction, in places of the layer's own packing, and what they were made from. */
export class RecurrentOperation implements Operation {
  readonly names: readonly string[];
  readonly stepFloats: number;
  readonly widest: number;
  readonly #spec: RecurrentSpec;
  readonly #cells: readonly Cell[];
  readonly #index: number;
  readonly #trained: Trained;

  constructor(
    spec: RecurrentSpec,
    layout: Layout,
    index: number,
    trained: Trained,
  ) {
    this.#spec = spec;
    this.#index = index;
    this.#trained = trained;
    this.#cells = spec.cells.map((cell) => new Cell(cell, layout));
    this.names = this.#cells.flatMap((cell) => cell.names);
    const sum = (of: (cell: Cell) => number) =>
      this.#cells.reduce((all, cell) => all + of(cell), 0);
    this.stepFloats = sum((cell) => cell.stepFloats);
    this.widest = Math.max(...this.#cells.map((cell) => cell.widest));
  }

  *forward(machine: Machine, flow: Flow): Work<Step> {
    const { rows: x, steps } = flow;
    const { arena } = machine;
    const { maskRule, asProcessed, lastOnly, merge, stacked } = this.#spec;
    const directions: Direction[] = [];
    for (const cell of this.#cells) {
      const route = routeOf(steps, cell.spec.reverse, asProcessed, maskRule);
      const own = route.from ? gather(arena, x, route.from) : x;
      const start = flow.states.shift() ?? null;
      const run = yield* runCell(
        cell,
        machine,
        own,
        route.packing,
        steps.batch,
        start,
        this.#dropped(flow, cell),
        flow.chunk,
      );
      flow.ends.push(run.ends);
      directions.push({ cell, route, run, start });
    }
    if (lastOnly) return this.#last(machine, flow, directions, steps, x);
    const { count } = steps.packing;
    const single = directions.length === 1 && !directions[0]?.route.out;
    const outputs = directions.map(({ route, run, cell }) =>
      inOrder(arena, route, run, cell, count),
    );
    flow.rows = merged(arena, merge, outputs, count);
    if (asProcessed && stacked)
      flow.steps = { ...steps, mask: reversedMask(steps) };
    return {
      back: (back, needs) => {
        const dy = back.rows as Rows;
        const parts = single
          ? [dy]
          : unmerged(arena, merge, dy, outputs, count);
        return this.#back(machine, back, directions, parts, needs, steps, x);
      },
    };
  }

  /** What h is multiplied by: (B, O), 0 or 1 / (1 - p). */
  #dropped(flow: Flow, { spec }: Cell): Float32Array | null {
    const { dropout } = this.#spec;
    if (!flow.draw || !dropout) return null;
    const { batch } = flow.steps;
    const kept = new Float32Array(batch * spec.outputSize);
    const factor = 1 / (1 - dropout);
    for (let row = 0; row < batch; row++) {
      const next = flow.draw(
        this.#index * 2 + Number(spec.reverse),
        row,
        false,
      );
      for (let i = 0; i < spec.outputSize; i++)
        kept[row * spec.outputSize + i] = next() < dropout ? 0 : factor;
    }
    return kept;
  }

  /** The layer gives each direction's last computed step alone: its final state, or what the rule says where there is none. */
  #last(
    machine: Machine,
    flow: Flow,
    directions: readonly Direction[],
    steps: Steps,
    x: Rows,
  ): Step {
    const { batch } = steps;
    const { arena } = machine;
    const { maskRule, merge } = this.#spec;
    /** Calls for the rows that have a last step, with where theirs is in h of B rows. */
    const eachLast = (
      { run, cell }: Direction,
      visit: (row: number, from: number, to: number) => void,
    ) => {
      const { outputSize } = cell.spec;
      for (let row = 0; row < batch; row++)
        if (run.packing.stepsOf(row) || maskRule === "state")
          visit(row, row * outputSize, (row + 1) * outputSize);
    };
    const lasts = directions.map((direction): Rows => {
      const { output, spec } = direction.cell;
      const rows = arena.rows(batch, spec.outputSize, output);
      const [h] = direction.run.ends as [Float32Array];
      eachLast(direction, (row, from, to) =>
        arena.memory.f32.set(
          h.subarray(from, to),
          (rows.at >> 2) + row * output,
        ),
      );
      return rows;
    });
    flow.rows = merged(arena, merge, lasts, batch);
    flow.steps = stepsOf(batch, 1, null, null);
    return {
      back: (back, needs) => {
        const parts = unmerged(arena, merge, back.rows as Rows, lasts, batch);
        const none = directions.map(({ cell, route }): Rows => {
          const { output, spec } = cell;
          const most = Math.max(route.packing.count, steps.packing.count);
          return arena.rows(most, spec.outputSize, output);
        });
        const { f32 } = arena.memory;
        const last = directions.map((direction, index) => {
          const { outputSize } = direction.cell.spec;
          const own = new Float32Array(batch * outputSize);
          const { at, stride } = parts[index] as Rows;
          eachLast(direction, (row, to) => {
            const from = (at + row * stride) >> 2;
            own.set(f32.subarray(from, from + outputSize), to);
          });
          return own;
        });
        return this.#back(
          machine,
          back,
          directions,
          none,
          needs,
          steps,
          x,
          last,
        );
      },
    };
  }

  /** @param last what is added to the gradient of each direction's final h */
  *#back(
    machine: Machine,
    back: BackFlow,
    directions: readonly Direction[],
    parts: readonly Rows[],
    needs: boolean,
    steps: Steps,
    x: Rows,
    last: readonly Float32Array[] | null = null,
  ): Work {
    const { arena } = machine;
    const inputs: { dx: Rows; from: Int32Array | null }[] = [];
    for (let index = directions.length - 1; index >= 0; index--) {
      const { cell, route, run, start } = directions[index] as Direction;
      const ends = endsOf(back.ends.shift() ?? null, run.ends, last?.[index]);
      const part = parts[index] as Rows;
      const dy = last ? part : outOfOrder(arena, part, route, cell, ends);
      const trains = this.#trained(cell.names);
      const dx = yield* run.back(dy, ends, trains, needs);
      back.states.push(start ? ends.parts : null);
      if (dx) inputs.unshift({ dx, from: route.from });
    }
    if (!needs) {
      back.rows = null;
      return;
    }
    const [only] = inputs;
    if (inputs.length === 1 && only && !only.from) {
      back.rows = only.dx;
      return;
    }
    const { count } = steps.packing;
    const sum = arena.rows(count, x.size, panelsOf(x.size));
    for (const { dx, from } of inputs) {
      const places = from ?? identity(count);
      scatterAdd(arena.memory.f32, dx, places, sum);
    }
    back.rows = sum;
  }
}

function endsOf(
  given: CellStates | null,
  ends: CellStates,
  last: Float32Array | undefined,
): Ends {
  const parts = ends.map(
    (part, i) => given?.[i]?.slice() ?? new Float32Array(part.length),
  );
  last?.forEach((value, i) => {
    const [hidden] = parts as [Float32Array];
    hidden[i] = (hidden[i] as number) + value;
  });
  return { parts, direct: null };
}

const identity = (count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => i);
