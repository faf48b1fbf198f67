import type {
  CellStates,
  Draw,
  Network,
  Tape,
  TapeRun,
} from "../kernel/backward.js";
import type { Tensor } from "../tensor.js";
import { type CheckedBatch, countedOf, plainBatch } from "./batch.js";
import { randomAt } from "./counters.js";
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
import type { Dropout } from "./plan.js";
import { SHARD } from "./record.js";
import { sampleInputs } from "./sampling.js";
import { concat, rowsOfStates, stackStates } from "./states.js";
import type { NetworkChoice, Subject } from "./subject.js";

export interface GradientOptions extends NetworkChoice {
  readonly loss: Loss;
  readonly skip: number;
  readonly memory: number;
  readonly seed: number;
}

/** What a batch is run with beside itself. */
export interface RunPlace {
  /** Of the optimiser, from 0: dropout and sampling draw by it. */
  readonly step: number;
  /** The first row's place among those of the step. */
  readonly row: number;
  /** How likely the model's own output is the next input. */
  readonly sampling: number;
}

/** A shard's share. */
export interface ShardResult {
  readonly loss: number;
  readonly ends: readonly CellStates[];
}

type States = readonly (CellStates | null)[];

/** Computes losses and gradients of batches, shard by shard, in a network of its own. */
export class Gradients {
  readonly subject: Subject;
  readonly network: Network;
  readonly parts: readonly LossPart[] | null;
  readonly #own: OwnLoss | null;
  readonly #options: GradientOptions;
  readonly logits: boolean;
  readonly #drops: boolean;
  readonly #most: number;

  constructor(subject: Subject, options: GradientOptions) {
    this.subject = subject;
    this.#options = options;
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
    this.#drops = Object.values(options.dropout).some((each: Dropout) =>
      Object.values(each).some((rate) => typeof rate === "number" && rate > 0),
    );
    // steps of a shard whose tape fits
    this.#most = Math.max(
      1,
      Math.floor(options.memory / (4 * SHARD * this.network.stepFloats)),
    );
  }

  /** Whether targets of this class have no loss. */
  ignored(id: number): boolean {
    return this.parts?.some(({ ignore }) => ignore === id) ?? false;
  }

  /** The loss of a batch, ready to be taken shard by shard; null for an own one. */
  prepare(batch: CheckedBatch): RowLoss | null {
    if (!this.parts) return null;
    const counted = countedOf(this.subject, batch, this.#options.skip);
    return sumOf(
      this.parts,
      batch.target,
      counted,
      plainBatch(batch, this.subject),
    );
  }

  /**
   * Loss and, with `back`, gradients of a batch, in shards whose gradients are added to the network's sum in order. Gives
   * the thread back between them.
   *
   * @param factor of the gradient: a batch may be one of several
   * @returns the loss, the final states, a shard each, and the outputs, (B, T, O)
   */
  *run(
    batch: CheckedBatch,
    states: States,
    place: RunPlace,
    factor: number,
    back: boolean,
  ): Generator<
    void,
    {
      loss: number;
      ends: (readonly CellStates[])[];
      output: Float32Array;
      total: number;
    }
  > {
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
      const result = this.shard(
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
      outputs.push(result.output);
    }
    return { loss, ends, output: concat(outputs), total: prepared.total };
  }

  /** One shard, rows `from` to `to`. */
  shard(
    batch: CheckedBatch,
    prepared: RowLoss,
    states: States,
    place: RunPlace,
    from: number,
    to: number,
    factor: number,
    back: boolean,
  ): ShardResult & { output: Float32Array } {
    const run = this.#runOf(batch, states, place, from, to, back);
    let loss = 0;
    const lossOf = (output: Float32Array) => {
      const gradient = new Float64Array(output.length);
      loss = prepared.rows(output, from, to, gradient, factor);
      return gradient;
    };
    if (this.subject.stepwise && run.steps > this.#most)
      return this.#pieces(run, place, from, back, lossOf, () => loss);
    const tape = this.network.forward(run);
    const gradient = lossOf(tape.output);
    if (back) this.network.backward(tape, gradient, []);
    return { loss, ends: tape.ends, output: tape.output };
  }

  #runOf(
    { given, lengths, mask }: CheckedBatch,
    states: States,
    place: RunPlace,
    from: number,
    to: number,
    back: boolean,
  ): TapeRun {
    const { data, batch, steps } = given;
    const size = data.length / batch;
    const run: TapeRun = {
      input: data.subarray(from * size, to * size),
      batch: to - from,
      steps,
      lengths: lengths?.slice(from, to) ?? null,
      mask: mask?.subarray(from * steps, to * steps) ?? null,
      states: rowsOfStates(states, batch, from, to),
      draw: back && this.#drops ? this.#draw(place, from, 0) : null,
      logits: this.logits,
    };
    if (!back || !place.sampling) return run;
    const random = (row: number) =>
      randomAt(
        this.#options.seed,
        "sampling",
        place.step,
        place.row + from + row,
      );
    return {
      ...run,
      input: sampleInputs(
        this.subject,
        this.network,
        run,
        place.sampling,
        random,
      ),
    };
  }

  /** What dropout draws from; `piece` sets apart those of a sequence that are drawn anew at every step. */
  #draw({ step, row: first }: RunPlace, from: number, piece: number): Draw {
    const { seed } = this.#options;
    return (operation, row, stepwise) =>
      randomAt(
        seed,
        "dropout",
        step,
        operation,
        first + from + row,
        stepwise ? piece : 0,
      );
  }

  /**
   * A shard whose tape would not fit: forward piece by piece for the outputs, then, from the last piece on, forward again
   * and back. The states at the pieces' ends carry the gradient from one to the one before.
   */
  #pieces(
    run: TapeRun,
    place: RunPlace,
    from: number,
    back: boolean,
    lossOf: (output: Float32Array) => Float64Array,
    loss: () => number,
  ): ShardResult & { output: Float32Array } {
    const { batch, steps, input, lengths } = run;
    const size = input.length / (batch * steps);
    const { outputSize } = this.subject;
    const output = new Float32Array(batch * steps * outputSize);
    const starts: States[] = [];
    const pieceOf = (index: number): TapeRun => {
      const start = index * this.#most;
      const count = Math.min(this.#most, steps - start);
      const own = new Float32Array(batch * count * size);
      for (let row = 0; row < batch; row++) {
        const at = (row * steps + start) * size;
        own.set(input.subarray(at, at + count * size), row * count * size);
      }
      return {
        ...run,
        input: own,
        steps: count,
        lengths:
          lengths?.map((length) =>
            Math.max(0, Math.min(count, length - start)),
          ) ?? null,
        mask: null,
        states: starts[index] as States,
        draw: run.draw && this.#draw(place, from, index),
      };
    };
    const move = <T extends Float32Array | Float64Array>(
      whole: T,
      part: T,
      index: number,
      out: boolean,
    ) => {
      const start = index * this.#most;
      const each = part.length / batch;
      for (let row = 0; row < batch; row++) {
        const at = (row * steps + start) * outputSize;
        if (out) whole.set(part.subarray(row * each, (row + 1) * each), at);
        else part.set(whole.subarray(at, at + each), row * each);
      }
    };
    const pieces = Math.ceil(steps / this.#most);
    let ends: readonly CellStates[] = [];
    starts.push(run.states);
    for (let i = 0; i < pieces; i++) {
      const tape = this.network.forward(pieceOf(i));
      move(output, tape.output, i, true);
      ends = tape.ends;
      starts.push(ends);
    }
    const gradient = lossOf(output);
    let carried: States = [];
    for (let i = pieces - 1; back && i >= 0; i--) {
      const tape: Tape = this.network.forward(pieceOf(i));
      const own = new Float64Array(tape.output.length);
      move(gradient, own, i, false);
      carried = this.network.backward(tape, own, carried, false, true).states;
    }
    return { loss: loss(), ends, output };
  }

  /** The states after a batch's steps. */
  statesAfter(batch: CheckedBatch): (CellStates | null)[] {
    const { batch: rows } = batch.given;
    const ends: (readonly CellStates[])[] = [];
    const place = { step: 0, row: 0, sampling: 0 };
    for (let from = 0; from < rows; from += SHARD) {
      const to = Math.min(rows, from + SHARD);
      const run = this.#runOf(
        batch,
        this.subject.noStates(),
        place,
        from,
        to,
        false,
      );
      ends.push(this.network.forward(run).ends);
    }
    return stackStates(ends);
  }

  /** An own loss sees all outputs at once: every shard's tape is kept meanwhile. */
  *#runOwn(
    batch: CheckedBatch,
    states: States,
    place: RunPlace,
    factor: number,
    back: boolean,
  ): Generator<
    void,
    {
      loss: number;
      ends: (readonly CellStates[])[];
      output: Float32Array;
      total: number;
    }
  > {
    const { given } = batch;
    const tapes: { tape: Tape; memory: Float32Array | null }[] = [];
    for (let from = 0; from < given.batch; from += SHARD) {
      if (from) yield;
      const to = Math.min(given.batch, from + SHARD);
      const tape = this.network.forward(
        this.#runOf(batch, states, place, from, to, back),
      );
      tapes.push({ tape, memory: back ? this.network.save() : null });
    }
    const data = concat(tapes.map(({ tape }) => tape.output));
    const { lastOnly, outputSize } = this.subject;
    const steps = this.subject.stepsOut(given.steps);
    const shape = [given.batch, ...(lastOnly ? [] : [steps]), outputSize];
    const output: Tensor = { shape, data };
    const own = callOwn(
      this.#own as OwnLoss,
      output,
      plainBatch(batch, this.subject),
    );
    if (back) {
      const gradient =
        factor === 1
          ? own.gradient
          : own.gradient.map((value) => value * factor);
      let at = 0;
      for (const { tape, memory } of tapes) {
        yield;
        this.network.restore(memory as Float32Array);
        this.network.backward(
          tape,
          gradient.subarray(at, at + tape.output.length),
          [],
        );
        at += tape.output.length;
      }
    }
    return {
      loss: own.loss,
      ends: tapes.map(({ tape }) => tape.ends),
      output: data,
      total: given.batch,
    };
  }
}
