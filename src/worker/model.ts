import { positiveInteger, record } from "../checks.js";
import type { GenerateOptions } from "../models/generate.js";
import {
  checkLengths,
  type Sequences,
  sequences,
  tokenSequences,
} from "../layers/input.js";
import { checkMask } from "../layers/mask.js";
import { isTimeFirst, swapAxes } from "../layers/time-first.js";
import type { SequentialForwardOptions } from "../models/sequential.js";
import type { States } from "../layers/state.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";
import { copyOf } from "./copies.js";
import type { Member, WorkerGroup } from "./workers.js";
import { freed, newId } from "./handles.js";
import {
  cut,
  cutMask,
  cutStates,
  hasRows,
  joinRows,
  joinStates,
  joinSteps,
  type Rows,
  splitRows,
  stepsAtOnce,
} from "./parts.js";
import type { ModelFacts } from "./service.js";
import { releaseModel } from "./release.js";
import { abortable, callOptions, type CallOptions } from "./signal.js";
import { RemoteStream } from "./stream.js";

/** The options of Sequential.forward, and those of a call to another thread. */
export interface RemoteForwardOptions
  extends Omit<SequentialForwardOptions, "trace">, CallOptions {
  /** Whether the input's buffer may be transferred instead of copied, which empties it; false by default. */
  transfer?: boolean;
}

const FORWARD = {
  state: 0,
  lengths: 0,
  mask: 0,
  batchFirst: 0,
  signal: 0,
  transfer: 0,
} satisfies Record<keyof RemoteForwardOptions, 0>;

/** A model in the workers of a pool: the methods of Sequential, with promises. */
export class RemoteModel {
  /** I, the features of an input step; 1 for a model that takes tokens. */
  readonly inputSize: number;
  /** O, the features of an output step. */
  readonly outputSize: number;
  /** The kernel that the workers use. */
  readonly backend: ModelFacts["backend"];
  readonly #id: number;
  readonly #workers: WorkerGroup;
  readonly #facts: ModelFacts;

  /** @internal */
  constructor(id: number, workers: WorkerGroup, facts: ModelFacts) {
    this.#id = id;
    this.#workers = workers;
    this.#facts = facts;
    this.inputSize = facts.inputSize;
    this.outputSize = facts.outputSize;
    this.backend = facts.backend;
    // the callback does not refer to the model itself
    freed.register(this, () => releaseModel(workers, id), this);
  }

  /**
   * Runs whole sequences like Sequential.forward, with the same bits; the rows of a batch are shared among the workers.
   *
   * @throws TypeError, RangeError that name the argument; the signal's reason
   */
  async forward(
    input: TensorLike,
    options: RemoteForwardOptions = {},
  ): Promise<{ output: Tensor; state: States }> {
    const {
      signal,
      transfer = false,
      state,
      batchFirst,
      ...rest
    } = callOptions(options, FORWARD);
    const { tokens, lastOnly } = this.#facts;
    const timeFirst = isTimeFirst(batchFirst);
    const inOrder = timeFirst
      ? swapAxes(input, tokens ? 2 : 3, "input")
      : input;
    const given = tokens
      ? tokenSequences(inOrder)
      : sequences(inOrder, this.inputSize);
    const lengths = checkLengths(rest.lengths, given);
    const mask = checkMask(rest.mask, given);
    const { batch, batched } = given;
    const divisible = batched && (state === undefined || hasRows(state, batch));
    const parts = divisible
      ? splitRows(given, this.#facts, this.#workers.members.length)
      : [{ from: 0, to: batch }];
    const work = parts.map((rows) => {
      const options: SequentialForwardOptions = {
        ...(state !== undefined && {
          state: divisible ? cutStates(state, rows) : copyOf(state, "state"),
        }),
        ...(lengths && { lengths: lengths.slice(rows.from, rows.to) }),
        ...(mask && { mask: cutMask(mask, given, rows) }),
      };
      const whole = parts.length === 1 && transfer;
      return this.#runPart(given, rows, options, whole, signal);
    });
    const results = await abortable(Promise.all(work), signal);
    const output = joinRows(
      results.map((result) => result.output),
      batch,
    );
    return {
      output: timeFirst && !lastOnly ? swapAxes(output, 3, "output") : output,
      state: joinStates(
        results.map((result) => result.state),
        batch,
      ),
    };
  }

  /** Runs some rows, in pieces if they are long. */
  async #runPart(
    given: Sequences,
    rows: Rows,
    options: SequentialForwardOptions,
    transfer: boolean,
    signal: AbortSignal | undefined,
  ): Promise<{ output: Tensor; state: States }> {
    const { steps, batched } = given;
    const count = rows.to - rows.from;
    const size =
      options.lengths || options.mask
        ? steps
        : stepsAtOnce(count, steps, this.#facts);
    const pieces: Tensor[] = [];
    let { state } = options;
    for (let start = 0; start < steps; start += size) {
      const end = Math.min(steps, start + size);
      const all = transfer && size === steps && isWhole(given.data);
      const data = all ? given.data : cut(given, rows, start, end);
      const shape = [
        ...(batched ? [count] : []),
        end - start,
        ...(this.#facts.tokens ? [] : [this.inputSize]),
      ];
      const how = { ...options, ...(state !== undefined && { state }) };
      const result = await this.#workers.share((member) => {
        const call = newId();
        const giveUp = () => member.giveUp(call);
        signal?.addEventListener("abort", giveUp, { once: true });
        return member
          .call("forward", this.#id, { shape, data }, how, call)
          .finally(() => signal?.removeEventListener("abort", giveUp));
      }, signal);
      pieces.push(result.output);
      ({ state } = result);
    }
    const output = this.#facts.lastOnly
      ? (pieces.at(-1) as Tensor)
      : joinSteps(pieces, count, steps);
    return { output, state: state as States };
  }

  /**
   * A stream over the model, in one of the workers.
   *
   * @throws TypeError, RangeError as Sequential.stream
   */
  async stream(
    options: { state?: States } = {},
  ): Promise<RemoteStream<States>> {
    const member = this.#workers.next();
    const id = newId();
    const { state } = record(options, "options", { state: 0 }) as {
      state?: States;
    };
    const copy = state === undefined ? {} : { state: copyOf(state, "state") };
    await member.call("openStream", this.#id, id, copy);
    return new RemoteStream(id, member);
  }

  /**
   * Continues after `history` [T, I] like Sequential.forecast; the result is [steps, I].
   *
   * @throws TypeError, RangeError as there; the signal's reason
   */
  async forecast(
    history: TensorLike,
    steps: number,
    options: CallOptions = {},
  ): Promise<Tensor> {
    const { signal } = callOptions(options, { signal: 0 });
    const { shape, data } = asTensor(history, "history");
    const copy = { shape: [...shape], data: data.slice() };
    positiveInteger(steps, "steps");
    const work = this.#workers.share(
      (member) => member.call("forecast", this.#id, copy, steps),
      signal,
    );
    return abortable(work, signal);
  }

  /**
   * Generates tokens like Sequential.generate. The worker sends them in batches of growing size.
   *
   * @throws TypeError, RangeError as there, when the first token is requested; the signal's reason
   */
  async *generate(
    options: GenerateOptions & CallOptions,
  ): AsyncGenerator<number, void, undefined> {
    const { signal, ...rest } = callOptions(options);
    const member: Member = this.#workers.next();
    const id = newId();
    try {
      const settings = copyOf(rest, "options") as GenerateOptions;
      const started = member.call("startGenerator", this.#id, id, settings);
      await abortable(started, signal);
      for (let count = 1; ; count = Math.min(64, count * 2)) {
        const bundle = member.call("generate", id, count);
        const { tokens, done } = await abortable(bundle, signal);
        for (const token of tokens) {
          signal?.throwIfAborted();
          yield token;
        }
        if (done) return;
      }
    } finally {
      member.release("generator", id);
    }
  }

  /** Frees the model in the workers now. Optional: it is freed some time after it becomes unreachable. */
  dispose(): void {
    freed.unregister(this);
    releaseModel(this.#workers, this.#id);
  }
}

const isWhole = ({ buffer, byteLength }: Float32Array): boolean =>
  buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
