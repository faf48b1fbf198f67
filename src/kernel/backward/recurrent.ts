import type { MergeMode } from "../merge.js";
import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { Cell, type CellSpec, type CellTape, type Ends } from "./cell.js";
import { gather, scatterAdd } from "./moves.js";
import {
  type MaskRule,
  type Route,
  routeOf,
  type Steps,
  stepsOf,
  turnMask,
} from "./packing.js";
import type { Layout } from "./parameters.js";
import type {
  BackFlow,
  CellStates,
  Flow,
  Machine,
  Operation,
  Step,
} from "./run.js";

/** One layer of an RNN, LSTM or GRU, in its one or two directions. */
export interface RecurrentSpec {
  readonly type: "recurrent";
  readonly cells: readonly CellSpec[];
  readonly merge: MergeMode;
  readonly lastOnly: boolean;
  /** Whether outputs come in the order in which they are computed. */
  readonly turned: boolean;
  readonly maskRule: MaskRule;
  /** Of a turned layer that is not the last of its stack: the next one's mask is turned too. */
  readonly stacked: boolean;
  /** How likely a unit of h is dropped, one mask a sequence; 0: never. */
  readonly dropout: number;
}

interface Direction {
  readonly cell: Cell;
  readonly route: Route;
  readonly tape: CellTape;
  readonly start: CellStates | null;
}

/** The outputs of each direction, in places of the layer's own packing, and what they were made from. */
export class RecurrentOperation implements Operation {
  readonly names: readonly string[];
  readonly #spec: RecurrentSpec;
  readonly #cells: readonly Cell[];
  readonly #index: number;
  readonly #trained: (names: readonly string[]) => boolean;

  constructor(
    spec: RecurrentSpec,
    layout: Layout,
    index: number,
    trained: (names: readonly string[]) => boolean,
  ) {
    this.#spec = spec;
    this.#index = index;
    this.#trained = trained;
    this.#cells = spec.cells.map((cell) => new Cell(cell, layout));
    this.names = this.#cells.flatMap((cell) => cell.names);
  }

  get #size(): number {
    const [{ outputSize }] = this.#spec.cells as [CellSpec];
    const both = this.#cells.length > 1 && this.#spec.merge === "concat";
    return both ? 2 * outputSize : outputSize;
  }

  forward(machine: Machine, flow: Flow): Step {
    const { rows: x, steps } = flow;
    const { maskRule, turned, lastOnly } = this.#spec;
    const directions = this.#cells.map((cell): Direction => {
      const route = routeOf(steps, cell.spec.reverse, turned, maskRule);
      const own = route.from ? gather(machine.arena, x, route.from) : x;
      const start = flow.states.shift() ?? null;
      const tape = cell.forward(
        machine,
        own,
        route.packing,
        steps.batch,
        start,
        this.#dropped(flow, cell),
      );
      flow.ends.push(tape.ends);
      return { cell, route, tape, start };
    });
    if (lastOnly) return this.#last(machine, flow, directions, steps, x);
    const single = directions.length === 1 && !directions[0]?.route.out;
    let outputs: Rows[] = [];
    if (single) flow.rows = (directions[0] as Direction).tape.y;
    else {
      outputs = directions.map((direction) =>
        this.#ordered(machine, direction, steps),
      );
      flow.rows = this.#merged(machine, outputs, steps.packing.count);
    }
    if (turned && this.#spec.stacked)
      flow.steps = { ...steps, mask: turnMask(steps) };
    return {
      back: (back, needs) => {
        const dy = back.rows as Rows;
        const parts = single
          ? [dy]
          : this.#split(machine, dy, outputs, steps.packing.count);
        this.#back(machine, back, directions, parts, needs, steps, x);
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

  /** A direction's outputs in the layer's packing. */
  #ordered(
    { arena }: Machine,
    { route, tape, cell }: Direction,
    { packing }: Steps,
  ): Rows {
    const { out } = route;
    if (!out) return tape.y;
    const { output } = cell;
    const { outputSize } = cell.spec;
    const at = arena.zeros(packing.count * output);
    const { f32 } = arena.memory;
    const start = this.#startOf(arena.memory.f32, tape, cell);
    for (let i = 0; i < out.length; i++) {
      const place = out[i] as number;
      if (place === -1) continue;
      const to = (at >> 2) + i * output;
      if (place >= 0) {
        const from = (tape.y.at >> 2) + place * output;
        for (let j = 0; j < outputSize; j++)
          f32[to + j] = f32[from + j] as number;
      } else {
        const row = -2 - place;
        for (let j = 0; j < outputSize; j++) f32[to + j] = start(row, j);
      }
    }
    return { at, stride: output * 4, size: outputSize };
  }

  /** h of a row at the start: in front of its outputs, or, of a row without steps, its final one. */
  #startOf(f32: Float32Array, { packing, y, ends }: CellTape, cell: Cell) {
    const first = (y.at >> 2) - packing.rows.length * cell.output;
    const places = new Map(packing.rows.map((row, place) => [row, place]));
    const { outputSize } = cell.spec;
    return (row: number, unit: number): number => {
      const place = places.get(row);
      return (
        place === undefined
          ? ends.hidden[row * outputSize + unit]
          : f32[first + place * cell.output + unit]
      ) as number;
    };
  }

  #merged({ arena }: Machine, outputs: readonly Rows[], count: number): Rows {
    const [a, b] = outputs as [Rows, Rows | undefined];
    if (!b) return a;
    const { merge } = this.#spec;
    const size = this.#size;
    const lanes = lanesOf(size);
    const at = arena.zeros(count * lanes);
    const { f32 } = arena.memory;
    for (let i = 0; i < count; i++) {
      const to = (at >> 2) + i * lanes;
      const fa = (a.at + i * a.stride) >> 2;
      const fb = (b.at + i * b.stride) >> 2;
      for (let j = 0; j < a.size; j++) {
        const left = f32[fa + j] as number;
        const right = f32[fb + j] as number;
        if (merge === "concat") {
          f32[to + j] = left;
          f32[to + a.size + j] = right;
        } else if (merge === "mul") f32[to + j] = left * right;
        else f32[to + j] = merge === "sum" ? left + right : (left + right) / 2;
      }
    }
    return { at, stride: lanes * 4, size };
  }

  /** The gradient of each direction's outputs. */
  #split(
    { arena }: Machine,
    dy: Rows,
    outputs: readonly Rows[],
    count: number,
  ): Rows[] {
    if (outputs.length === 1) return [dy];
    const { merge } = this.#spec;
    return outputs.map((own, direction) => {
      const other = outputs[1 - direction] as Rows;
      const lanes = lanesOf(own.size);
      const at = arena.zeros(count * lanes);
      const { f32 } = arena.memory;
      const shift = merge === "concat" ? direction * own.size : 0;
      for (let i = 0; i < count; i++) {
        const from = ((dy.at + i * dy.stride) >> 2) + shift;
        const to = (at >> 2) + i * lanes;
        const by = (other.at + i * other.stride) >> 2;
        for (let j = 0; j < own.size; j++) {
          const value = f32[from + j] as number;
          f32[to + j] =
            merge === "mul"
              ? value * (f32[by + j] as number)
              : merge === "ave"
                ? value / 2
                : value;
        }
      }
      return { at, stride: lanes * 4, size: own.size };
    });
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
    const state = this.#spec.maskRule === "state";
    const lasts = directions.map(({ tape, cell }): Rows => {
      const { outputSize } = cell.spec;
      const at = arena.zeros(batch * cell.output);
      for (let row = 0; row < batch; row++) {
        if (!tape.packing.stepsOf(row) && !state) continue;
        const own = tape.ends.hidden.subarray(
          row * outputSize,
          (row + 1) * outputSize,
        );
        arena.memory.f32.set(own, (at >> 2) + row * cell.output);
      }
      return { at, stride: cell.output * 4, size: outputSize };
    });
    flow.rows = this.#merged(machine, lasts, batch);
    flow.steps = stepsOf(batch, 1, null, null);
    return {
      back: (back, needs) => {
        const parts = this.#split(machine, back.rows as Rows, lasts, batch);
        const none = directions.map(({ cell, route }): Rows => {
          const at = arena.zeros(
            Math.max(route.packing.count, steps.packing.count) * cell.output,
          );
          return { at, stride: cell.output * 4, size: cell.spec.outputSize };
        });
        const { f32 } = arena.memory;
        const last = directions.map(({ tape, cell }, direction) => {
          const { outputSize } = cell.spec;
          const own = new Float32Array(batch * outputSize);
          const { at, stride } = parts[direction] as Rows;
          for (let row = 0; row < batch; row++) {
            if (!tape.packing.stepsOf(row) && !state) continue;
            const from = (at + row * stride) >> 2;
            own.set(f32.subarray(from, from + outputSize), row * outputSize);
          }
          return own;
        });
        this.#back(machine, back, directions, none, needs, steps, x, last);
      },
    };
  }

  /** @param last what is added to the gradient of each direction's final h */
  #back(
    machine: Machine,
    back: BackFlow,
    directions: readonly Direction[],
    parts: readonly Rows[],
    needs: boolean,
    steps: Steps,
    x: Rows,
    last: readonly Float32Array[] | null = null,
  ): void {
    const { arena } = machine;
    const inputs: { dx: Rows; from: Int32Array | null }[] = [];
    for (let index = directions.length - 1; index >= 0; index--) {
      const { cell, route, tape, start } = directions[index] as Direction;
      const ends = endsOf(back.ends.shift() ?? null, tape.ends, last?.[index]);
      const dy = last
        ? (parts[index] as Rows)
        : this.#unordered(machine, parts[index] as Rows, route, cell, ends);
      const trains = this.#trained(cell.names);
      const dx = cell.backward(machine, tape, dy, ends, trains, needs);
      back.states.push(start ? ends : null);
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
    const lanes = panelsOf(x.size);
    const at = arena.zeros(steps.packing.count * lanes);
    const sum = { at, stride: lanes * 4, size: x.size };
    for (const { dx, from } of inputs) {
      const places = from ?? identity(steps.packing.count);
      scatterAdd(arena.memory.f32, dx, places, sum);
    }
    back.rows = sum;
  }

  /** The gradient of a direction's outputs as they were computed; what goes to the state at the start is added to it later. */
  #unordered(
    { arena }: Machine,
    dy: Rows,
    { out, packing }: Route,
    cell: Cell,
    ends: Ends,
  ): Rows {
    if (!out) return dy;
    const { output } = cell;
    const { outputSize } = cell.spec;
    const at = arena.zeros(packing.count * output);
    const { f32 } = arena.memory;
    for (let i = 0; i < out.length; i++) {
      const place = out[i] as number;
      if (place === -1) continue;
      const from = (dy.at + i * dy.stride) >> 2;
      if (place >= 0) {
        const to = (at >> 2) + place * output;
        for (let j = 0; j < outputSize; j++)
          f32[to + j] = (f32[to + j] as number) + (f32[from + j] as number);
      } else {
        ends.direct ??= new Float32Array(ends.hidden.length);
        const row = -2 - place;
        for (let j = 0; j < outputSize; j++) {
          const to = row * outputSize + j;
          ends.direct[to] =
            (ends.direct[to] as number) + (f32[from + j] as number);
        }
      }
    }
    return { at, stride: output * 4, size: outputSize };
  }
}

function endsOf(
  given: CellStates | null,
  { hidden, cell }: CellStates,
  last: Float32Array | undefined,
): Ends {
  const ends: Ends = {
    hidden: given ? given.hidden.slice() : new Float32Array(hidden.length),
    cell: cell && (given?.cell?.slice() ?? new Float32Array(cell.length)),
    direct: null,
  };
  last?.forEach((value, i) => {
    ends.hidden[i] = (ends.hidden[i] as number) + value;
  });
  return ends;
}

const identity = (count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => i);
