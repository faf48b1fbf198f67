import { type Window, zerosBefore } from "../cells/cell.js";
import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { Affine } from "./linear.js";
import { type Steps, stepsOf } from "./packing.js";
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

/** The sums of a convolution over time: what is applied to them is an operation of its own. */
export interface Conv1dSpec {
  readonly type: "conv1d";
  readonly inputSize: number;
  readonly outputSize: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
  readonly bias: boolean;
  /** null: the steps before each one, whose first ones are a state: (K - 1) · dilation of them. */
  readonly window: Window | null;
  /** How many steps come out of so many. */
  stepsOut(steps: number): number;
  readonly prefix: string;
}

/** What a run forward leaves for the way back. */
interface WindowRun {
  readonly steps: Steps;
  readonly windows: Rows;
  readonly sources: Int32Array;
  /** Of the steps that came out. */
  readonly count: number;
  readonly given: CellStates | null;
  readonly history: Float32Array;
}

/** Nothing is there: a zero of the padding. */
const ZERO = -1;

/**
 * Each output step's window is gathered into a row, tap after tap, [K · I], and the product of those is a Linear's. A
 * group's outputs have zeros in the columns of the others: grouped convolutions take the time of whole ones here.
 */
export class Conv1dOperation implements Operation {
  readonly names: readonly string[];
  readonly stepFloats: number;
  readonly widest: number;
  readonly #spec: Conv1dSpec;
  readonly #affine: Affine;
  /** Steps that the state holds. */
  readonly #past: number;

  constructor(spec: Conv1dSpec, layout: Layout, _: number, trained: Trained) {
    this.#spec = spec;
    const { prefix, inputSize, outputSize, kernelSize, dilation } = spec;
    const inputs = inputSize / spec.groups;
    const outputs = outputSize / spec.groups;
    const columns = Array.from({ length: spec.groups }, (_group, group) =>
      Int32Array.from(
        { length: inputs * kernelSize },
        (_column, index) =>
          (index % kernelSize) * inputSize +
          group * inputs +
          Math.floor(index / kernelSize),
      ),
    );
    this.#affine = new Affine(
      {
        prefix,
        bias: spec.bias,
        outputSize,
        inputSize: kernelSize * inputSize,
      },
      layout,
      trained,
      {
        shape: [outputSize, inputs, kernelSize],
        columnsOf: (row) => columns[Math.floor(row / outputs)] as Int32Array,
      },
    );
    this.#past = spec.window ? 0 : (kernelSize - 1) * dilation;
    this.names = this.#affine.names;
    this.widest = this.#affine.widest;
    this.stepFloats =
      this.#affine.rowFloats + this.widest + panelsOf(inputSize);
  }

  *forward(machine: Machine, flow: Flow): Work<Step> {
    const { rows: x, steps } = flow;
    const { arena } = machine;
    const after = this.#after(steps);
    const { count } = after.packing;
    const { kernelSize, inputSize } = this.#spec;
    const past = this.#past;
    const given = past ? (flow.states.shift() ?? null) : null;
    const history =
      given?.[0] ?? new Float32Array(steps.batch * past * inputSize);
    const sources = this.#sources(steps, after);
    const width = kernelSize * inputSize;
    const lanes = lanesOf(width);
    const windows = arena.rows(count, width, lanes);
    const { f32 } = arena.memory;
    each(sources, kernelSize, (place, tap, source) => {
      const to = (windows.at >> 2) + place * lanes + tap * inputSize;
      if (source >= 0) {
        const from = (x.at + source * x.stride) >> 2;
        f32.copyWithin(to, from, from + inputSize);
      } else {
        const from = (-2 - source) * inputSize;
        f32.set(history.subarray(from, from + inputSize), to);
      }
    });
    if (past) flow.ends.push(this.#ends(f32, x, steps, history));
    flow.rows = yield* this.#affine.forward(machine, windows, count);
    flow.steps = after;
    const run = { steps, windows, sources, count, given, history };
    return { back: (back, needs) => this.#back(machine, run, back, needs) };
  }

  *#back(
    machine: Machine,
    { steps, windows, sources, count, given, history }: WindowRun,
    back: BackFlow,
    needs: boolean,
  ): Work {
    const { arena } = machine;
    const { kernelSize, inputSize } = this.#spec;
    const past = this.#past;
    const end = past ? (back.ends.shift() ?? null) : null;
    const dz = back.rows as Rows;
    const wanted = needs || given !== null;
    const dw = yield* this.#affine.backward(
      machine,
      windows,
      dz,
      count,
      wanted,
    );
    back.rows = null;
    if (!wanted || !dw) {
      if (past) back.states.push(null);
      return;
    }
    const { count: rows } = steps.packing;
    const dx = arena.rows(rows, inputSize, panelsOf(inputSize));
    const dh = new Float32Array(history.length);
    const all = arena.memory.f32;
    if (end) this.#endsBack(all, dx, steps, end, dh);
    each(sources, kernelSize, (place, tap, source) => {
      const from = ((dw.at + place * dw.stride) >> 2) + tap * inputSize;
      const to =
        source >= 0
          ? (dx.at + source * dx.stride) >> 2
          : (-2 - source) * inputSize;
      const target = source >= 0 ? all : dh;
      for (let j = 0; j < inputSize; j++)
        target[to + j] = (target[to + j] as number) + (all[from + j] as number);
    });
    if (past) back.states.push(given ? [dh] : null);
    if (needs) back.rows = dx;
  }

  #after(steps: Steps): Steps {
    const { stepsOut } = this.#spec;
    const count = stepsOut(steps.steps);
    const lengths = steps.lengths?.map((length) => stepsOut(length)) ?? null;
    const after = stepsOf(steps.batch, count, lengths, null);
    return { ...after, mask: count === steps.steps ? steps.mask : null };
  }

  /**
   * For each output row and tap where its input lies: a place of x, -2 - a step of the histories (B, past), or ZERO.
   */
  #sources(
    { batch, steps, lengths, packing }: Steps,
    after: Steps,
  ): Int32Array {
    const { kernelSize, stride, dilation, window } = this.#spec;
    const past = this.#past;
    const table = packing.table(batch, steps);
    const sources = new Int32Array(after.packing.count * kernelSize);
    after.packing.each((place, row, time) => {
      const length = lengths?.[row] ?? steps;
      const before = window ? zerosBefore(window, length) : past;
      for (let tap = 0; tap < kernelSize; tap++) {
        const t = time * stride + tap * dilation - before;
        let source = ZERO;
        if (t >= 0 && t < length) source = table[row * steps + t] as number;
        else if (t < 0 && past) source = -2 - (row * past + past + t);
        sources[place * kernelSize + tap] = source;
      }
    });
    return sources;
  }

  /** Calls for each step of the histories at the rows' ends, with where it lies: in x, or in the histories at the start. */
  #eachEnd(
    { batch, steps, lengths, packing }: Steps,
    visit: (to: number, source: number) => void,
  ): void {
    const past = this.#past;
    const table = packing.table(batch, steps);
    for (let row = 0; row < batch; row++) {
      const length = lengths?.[row] ?? steps;
      for (let i = 0; i < past; i++) {
        const t = length - past + i;
        visit(
          row * past + i,
          t >= 0
            ? (table[row * steps + t] as number)
            : -2 - (row * past + past + t),
        );
      }
    }
  }

  #ends(
    f32: Float32Array,
    x: Rows,
    steps: Steps,
    history: Float32Array,
  ): CellStates {
    const { inputSize } = this.#spec;
    const ends = new Float32Array(history.length);
    this.#eachEnd(steps, (to, source) => {
      const all = source >= 0 ? f32 : history;
      const from =
        source >= 0
          ? (x.at + source * x.stride) >> 2
          : (-2 - source) * inputSize;
      ends.set(all.subarray(from, from + inputSize), to * inputSize);
    });
    return [ends];
  }

  /** The gradient of the histories at the ends, to that of x and of those at the start. */
  #endsBack(
    f32: Float32Array,
    dx: Rows,
    steps: Steps,
    [end]: CellStates,
    dh: Float32Array,
  ): void {
    const { inputSize } = this.#spec;
    this.#eachEnd(steps, (from, source) => {
      const target = source >= 0 ? f32 : dh;
      const to =
        source >= 0
          ? (dx.at + source * dx.stride) >> 2
          : (-2 - source) * inputSize;
      for (let j = 0; j < inputSize; j++)
        target[to + j] =
          (target[to + j] as number) + (end?.[from * inputSize + j] as number);
    });
  }
}

function each(
  sources: Int32Array,
  taps: number,
  visit: (place: number, tap: number, source: number) => void,
): void {
  sources.forEach((source, i) => {
    if (source !== ZERO) visit(Math.floor(i / taps), i % taps, source);
  });
}
