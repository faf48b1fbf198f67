import { message } from "../checks.js";
import type {
  Keep,
  Meter,
  Node,
  Operation,
  Prepared,
  Run,
  Running,
  StepRun,
  Values,
} from "./node.js";
import { sameNumbers, type Value } from "./value.js";

/**
 * Values of more numbers than this are made anew in every run and gone behind it: a page that runs a large graph once
 * should not keep its memory. A frame of any audio or text model is far below.
 */
const KEPT = 2 ** 20;

/** @param lists whether the node takes lists of tensors */
export function runsOf(
  node: Node,
  run: Operation | Run,
  lists: boolean,
): StepRun {
  return typeof run === "function"
    ? new Anew(node, run, lists)
    : new Kept(node, run, lists);
}

/** A list has no numbers: what does not know lists would make nonsense of it. */
function refuseLists(inputs: Values, place: string): void {
  for (let i = 0; i < inputs.length; i++)
    if (inputs[i]?.items)
      throw new RangeError(message(place, "tensors", "a list of them"));
}

/** A node that is prepared once for inputs of the same shapes. */
class Kept implements StepRun {
  readonly #operation: Operation;
  readonly #reads: readonly number[];
  readonly #place: string;
  readonly #keep: Keep;
  readonly #lists: boolean;
  #prepared: Prepared | null = null;
  /** The last inputs: most nodes give the same values again, with other numbers. */
  #given: (Value | null | undefined)[] = [];
  /** What they were like. */
  #last: (Value | null)[] = [];
  #numbers = 0;
  #work = 0;

  constructor(node: Node, operation: Operation, lists: boolean) {
    this.#lists = lists;
    this.#operation = operation;
    this.#place = node.place;
    this.#keep = node.setting.keep;
    const { reads = [] } = operation;
    this.#reads = reads.filter((input) => !node.constant(input));
  }

  run(inputs: Values, { meter }: Running): Values {
    const prepared =
      this.#prepared && this.#fits(inputs)
        ? this.#prepared
        : this.#prepare(inputs, meter);
    meter.spend(this.#place, this.#work);
    prepared.run?.(inputs);
    if (this.#numbers > KEPT || this.#keep.numbers > this.#keep.most)
      this.forget();
    return prepared.outputs;
  }

  forget(): void {
    if (!this.#prepared) return;
    this.#prepared.release?.();
    this.#prepared = null;
    this.#given = [];
    this.#last = [];
    this.#keep.numbers -= this.#numbers;
  }

  #fits(inputs: Values): boolean {
    const given = this.#given;
    const last = this.#last;
    if (inputs.length !== last.length) return false;
    for (let i = 0; i < inputs.length; i++) {
      const a = inputs[i] as Value | null;
      if (a === given[i]) continue;
      const b = last[i];
      if (!a || !b) {
        if (a || b) return false;
      } else if (a.items || b.items) return false;
      else if (a.dtype !== b.dtype || !equalSizes(a.shape, b.shape))
        return false;
      given[i] = remembered(a);
    }
    for (let i = 0; i < this.#reads.length; i++) {
      const at = this.#reads[i] as number;
      const a = inputs[at];
      const b = last[at];
      if (a && b && !sameNumbers(a.data, b.data)) return false;
    }
    return true;
  }

  #prepare(inputs: Values, meter: Meter): Prepared {
    this.forget();
    if (!this.#lists) refuseLists(inputs, this.#place);
    const prepared = this.#operation.prepare(inputs);
    let numbers = 0;
    for (const output of prepared.outputs) numbers += output?.data.length ?? 0;
    meter.take(this.#place, 4 * numbers);
    this.#numbers = numbers;
    this.#work = numbers + (prepared.work ?? 0);
    this.#given = inputs.map(remembered);
    this.#last = inputs.map(
      (value, i) =>
        value && {
          dtype: value.dtype,
          shape: value.shape,
          data: this.#reads.includes(i) ? value.data.slice() : NONE,
        },
    );
    this.#keep.numbers += numbers;
    this.#prepared = prepared;
    return prepared;
  }
}

const NONE = new Float32Array(0);

/** Large values are not kept alive for it. */
const remembered = (value: Value | null): Value | null | undefined =>
  value && value.data.length > KEPT ? undefined : value;

/** A node that makes its outputs anew. */
class Anew implements StepRun {
  readonly #run: Run;
  readonly #place: string;
  readonly #lists: boolean;

  constructor({ place }: Node, run: Run, lists: boolean) {
    this.#lists = lists;
    this.#run = run;
    this.#place = place;
  }

  run(inputs: Values, running: Running): Values {
    if (!this.#lists) refuseLists(inputs, this.#place);
    const results = this.#run(inputs, running);
    let numbers = 0;
    for (let i = 0; i < results.length; i++)
      numbers += results[i]?.data.length ?? 0;
    running.meter.spend(this.#place, numbers);
    running.meter.take(this.#place, 4 * numbers);
    return results;
  }

  forget(): void {}
}

function equalSizes(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Nothing is counted: what is folded at load has its own limits. */
export const FREE: Meter = { spend: () => {}, take: () => {} };

/** What one run may do. */
export interface Limits {
  /** Bytes that its nodes make room for. */
  readonly maxBytes: number;
  /** Nodes that are run; 64 numbers that one makes count as one more. */
  readonly maxSteps: number;
}

/** A number made, or a few multiplications, in the time that running a node takes. */
const STEP = 64;

/** Counts one run after another. */
export class RunMeter implements Meter {
  readonly #limits: Limits;
  #steps = 0;
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Another run begins. */
  start(): void {
    this.#steps = 0;
    this.#bytes = 0;
  }

  spend(place: string, work: number): void {
    this.#steps += 1 + work / STEP;
    const { maxSteps } = this.#limits;
    if (this.#steps > maxSteps)
      throw new RangeError(
        message(place, `a run of at most ${maxSteps} steps (maxSteps)`, "more"),
      );
  }

  take(place: string, bytes: number): void {
    this.#bytes += bytes;
    const { maxBytes } = this.#limits;
    if (this.#bytes > maxBytes)
      throw new RangeError(
        message(
          place,
          `values of at most ${maxBytes} bytes in a run (maxBytes)`,
          "more",
        ),
      );
  }
}
