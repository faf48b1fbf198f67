import type { CellStates, Network, Tape, Work } from "../kernel/backward.js";
import { concat, type Tensor } from "../tensor.js";
import { type CheckedBatch, countedOf, plainBatch } from "./batch.js";
import {
  callOwn,
  type Loss,
  type LossPart,
  type OwnLoss,
  partsOf,
  type RowLoss,
  sumOf,
  takesLogits,
} from "./losses/index.js";
import { runPieces } from "./pieces.js";
import { SHARD } from "./limits.js";
import { stackStates } from "./states.js";
import type { NetworkChoice, Subject } from "./subject.js";
import { type RunPlace, type RunStates, TapeRuns } from "./tape-runs.js";

export interface GradientOptions extends NetworkChoice {
  readonly loss: Loss;
  readonly skip: number;
  readonly memory: number;
  readonly seed: number;
}

/** What came of rows: a shard, or of all of a batch. */
export interface RowsResult<Ends> {
  readonly loss: number;
  readonly ends: Ends;
  /** (B, T, O); empty where it went back. */
  readonly output: Float32Array;
}

export interface BatchResult extends RowsResult<(readonly CellStates[])[]> {
  /** What the loss is the mean over. */
  readonly total: number;
}

/** Nobody looks at outputs on the way back. A new one each time: a message from a worker takes its buffer along. */
const none = () => new Float32Array();

/** Computes losses and gradients of batches, shard by shard, in a network of its own. */
export class Gradients {
  readonly subject: Subject;
  readonly network: Network;
  readonly parts: readonly LossPart[] | null;
  readonly logits: boolean;
  readonly #own: OwnLoss | null;
  readonly #skip: number;
  readonly #runs: TapeRuns;
  /** Steps of a shard whose tape fits. */
  readonly #most: number;
  /** dL/dy of a shard: made once, not garbage of every one. */
  #slopes = new Float64Array();

  constructor(subject: Subject, options: GradientOptions) {
    this.subject = subject;
    this.#skip = options.skip;
    this.parts = partsOf(options.loss);
    this.#own = this.parts ? null : (options.loss as OwnLoss);
    this.logits = this.parts !== null && takesLogits(this.parts);
    if (
      this.logits &&
      subject.ending &&
      this.parts?.some((part) => !takesLogits([part]))
    )
      throw new RangeError(
        `loss: expected losses that all take logits for a model that ends with ${subject.ending}, got others too`,
      );
    this.network = subject.network(options);
    this.#runs = new TapeRuns(subject, this.network, options, this.logits);
    this.#most = Math.max(
      1,
      Math.floor(options.memory / (4 * SHARD * this.network.stepFloats)),
    );
  }

  /** Whether targets of this class have no loss. */
  ignored(id: number): boolean {
    return this.parts?.some(({ ignore }) => ignore === id) ?? false;
  }

  /** Whether any step of a batch has a loss; of an own one nobody knows. */
  counts(batch: CheckedBatch): boolean {
    if (!this.parts) return true;
    const { weights } = countedOf(this.subject, batch, this.#skip);
    const { data } = batch.target;
    const classes = data.length === weights.length;
    return weights.some(
      (weight, i) =>
        weight > 0 && !(classes && this.ignored(data[i] as number)),
    );
  }

  /** The loss of a batch, ready to be taken shard by shard; null for an own one. */
  prepare(batch: CheckedBatch): RowLoss | null {
    if (!this.parts) return null;
    const counted = countedOf(this.subject, batch, this.#skip);
    return sumOf(
      this.parts,
      batch.target,
      counted,
      plainBatch(batch, this.subject),
    );
  }

  /**
   * Loss and, with `back`, gradients of a batch, in shards whose gradients are added to the network's sum in order.
   *
   * @param factor of the gradient: a batch may be one of several
   */
  *run(
    batch: CheckedBatch,
    states: RunStates,
    place: RunPlace,
    factor: number,
    back: boolean,
  ): Work<BatchResult> {
    const { given } = batch;
    const rows = given.batch;
    const prepared = this.prepare(batch);
    if (!prepared)
      return yield* this.#runOwn(batch, states, place, factor, back);
    let loss = 0;
    const ends: (readonly CellStates[])[] = [];
    const outputs: Float32Array[] = [];
    for (let from = 0; from < rows; from += SHARD) {
      if (from) yield;
      const to = Math.min(rows, from + SHARD);
      const result = yield* this.shard(
        batch,
        prepared,
        states,
        place,
        from,
        to,
        factor,
        back,
      );
      loss += result.loss;
      ends.push(result.ends);
      if (!back) outputs.push(result.output);
    }
    return { loss, ends, output: concat(outputs), total: prepared.total };
  }

  /** One shard, rows `from` to `to`. */
  *shard(
    batch: CheckedBatch,
    prepared: RowLoss,
    states: RunStates,
    place: RunPlace,
    from: number,
    to: number,
    factor: number,
    back: boolean,
  ): Work<RowsResult<readonly CellStates[]>> {
    const { network } = this;
    const run = yield* this.#runs.of(batch, states, place, from, to, back);
    let loss = 0;
    const gradientOf = (output: Float32Array) => {
      if (this.#slopes.length === output.length) this.#slopes.fill(0);
      else this.#slopes = new Float64Array(output.length);
      loss = prepared.rows(output, from, to, this.#slopes, factor);
      return back ? this.#slopes : null;
    };
    if (this.subject.stepwise && run.steps > this.#most) {
      const drawOf = (piece: number) => this.#runs.draw(place, from, piece);
      const work = runPieces(network, run, this.#most, drawOf, gradientOf);
      const { ends, output } = yield* work;
      return { loss, ends, output: back ? none() : output };
    }
    const tape = yield* network.forward(run);
    const gradient = gradientOf(tape.output);
    if (gradient) yield* network.backward(tape, gradient, []);
    return { loss, ends: tape.ends, output: back ? none() : tape.output };
  }

  /** The states after a batch's steps. */
  *statesAfter(
    batch: CheckedBatch,
    states: RunStates,
  ): Work<(CellStates | null)[]> {
    const { batch: rows } = batch.given;
    const ends: (readonly CellStates[])[] = [];
    const place = { step: 0, row: 0, sampling: 0 };
    for (let from = 0; from < rows; from += SHARD) {
      const to = Math.min(rows, from + SHARD);
      const run = yield* this.#runs.of(batch, states, place, from, to, false);
      const tape = yield* this.network.forward(run);
      ends.push(tape.ends);
    }
    return stackStates(ends);
  }

  /** An own loss sees all outputs at once: every shard's tape is kept meanwhile. */
  *#runOwn(
    batch: CheckedBatch,
    states: RunStates,
    place: RunPlace,
    factor: number,
    back: boolean,
  ): Work<BatchResult> {
    const { network, subject } = this;
    const { given } = batch;
    const tapes: { tape: Tape; memory: Float32Array | null }[] = [];
    for (let from = 0; from < given.batch; from += SHARD) {
      if (from) yield;
      const to = Math.min(given.batch, from + SHARD);
      const run = yield* this.#runs.of(batch, states, place, from, to, back);
      const tape = yield* network.forward(run);
      tapes.push({ tape, memory: back ? network.save() : null });
    }
    const data = concat(tapes.map(({ tape }) => tape.output));
    const { lastOnly, outputSize } = subject;
    const steps = subject.stepsOut(given.steps);
    const shape = [given.batch, ...(lastOnly ? [] : [steps]), outputSize];
    const output: Tensor = { shape, data };
    const own = callOwn(
      this.#own as OwnLoss,
      output,
      plainBatch(batch, subject),
    );
    if (back) {
      const gradient =
        factor === 1
          ? own.gradient
          : own.gradient.map((value) => value * factor);
      let at = 0;
      for (const { tape, memory } of tapes) {
        yield;
        network.restore(memory as Float32Array);
        const end = at + tape.output.length;
        yield* network.backward(tape, gradient.subarray(at, end), []);
        at = end;
      }
    }
    return {
      loss: own.loss,
      ends: tapes.map(({ tape }) => tape.ends),
      output: back ? none() : data,
      total: given.batch,
    };
  }
}
