/** What workers compute, and who shares it out: the door for gatewise/worker. */
import { atOnce, type CellStates } from "../kernel/backward.js";
import { Sequential } from "../models/sequential.js";
import type { StateDict } from "../safetensors.js";
import { concat, type Tensor } from "../tensor.js";
import type { CheckedBatch } from "./batch.js";
import { readCheckpoint } from "./checkpoint.js";
import {
  type Computer,
  type PartResult,
  statesOfParts,
  type StepPlace,
} from "./computer.js";
import { Gradients } from "./gradients.js";
import { KeptRows, type SentBatch, SentRows } from "./kept-rows.js";
import { checkOptions, type TrainerOptions } from "./options.js";
import type { Pace } from "./pace.js";
import { SHARD } from "./limits.js";
import type { Session } from "./session.js";
import { stackStates } from "./states.js";
import { type Model, Subject } from "./subject.js";
import type { RunStates } from "./tape-runs.js";
import { Training } from "./training.js";

/** Rows `from` to `to` of a part. */
interface Shard {
  readonly part: number;
  readonly from: number;
  readonly to: number;
}

/** Shards for one worker: some that follow one another. */
export interface ShardRequest {
  /** All weights, one after another in the order of the names. */
  readonly weights: Float32Array;
  readonly parts: readonly SentBatch[];
  readonly states: RunStates;
  readonly place: StepPlace;
  readonly shards: readonly Shard[];
  readonly back: boolean;
  /** Whether they are the batch's first ones. */
  readonly first: boolean;
}

interface ShardResult {
  readonly loss: number;
  readonly ends: readonly CellStates[];
  /** Empty on the way back. */
  readonly output: Float32Array;
}

/** null instead: rows of the parts are not here. */
export interface ShardAnswer {
  readonly results: readonly ShardResult[];
  /** Gradients as they lie in memory, to be added in order: of the batch's first shards their sum, of others each. */
  readonly sums: readonly Float32Array[];
}

/** A worker's side: a model's copy, and its network. */
export class ShardWorker {
  readonly #gradients: Gradients;
  readonly #rows: KeptRows;
  /** Where the numbers of each name end among all weights. */
  readonly #ends: ReadonlyMap<string, number>;

  constructor(bytes: Uint8Array, options: TrainerOptions) {
    const subject = new Subject(Sequential.load(bytes));
    this.#gradients = new Gradients(subject, checkOptions(options, subject));
    const { parts } = this.#gradients;
    const ctc = parts?.some(({ name }) => name === "ctc") ?? false;
    this.#rows = new KeptRows(subject, ctc);
    let end = 0;
    this.#ends = new Map(
      Object.entries(subject.weights()).map(([name, { data }]) => [
        name,
        (end += data.length),
      ]),
    );
  }

  #pack(weights: Float32Array): void {
    const found = new Map<string, Float32Array>();
    let from = 0;
    for (const [name, to] of this.#ends) {
      found.set(name, weights.subarray(from, to));
      from = to;
    }
    const { network } = this.#gradients;
    atOnce(network.pack((name) => found.get(name) as Float32Array));
  }

  compute({
    weights,
    parts: sent,
    states,
    place,
    shards,
    back,
    first,
  }: ShardRequest): ShardAnswer | null {
    const parts: CheckedBatch[] = [];
    for (const each of sent) {
      const part = this.#rows.of(each);
      if (!part) return null;
      parts.push(part);
    }
    const gradients = this.#gradients;
    const { network } = gradients;
    this.#pack(weights);
    const prepared = parts.map((part) => gradients.prepare(part));
    const rows = parts.map((_, i) =>
      parts.slice(0, i).reduce((sum, part) => sum + part.given.batch, 0),
    );
    const starts = statesOfParts(states, parts);
    const sums: Float32Array[] = [];
    network.clear();
    const results = shards.map(({ part, from, to }) => {
      const result = atOnce(
        gradients.shard(
          parts[part] as CheckedBatch,
          prepared[part] as NonNullable<(typeof prepared)[number]>,
          starts[part] as (typeof starts)[number],
          { ...place, row: rows[part] as number },
          from,
          to,
          1 / parts.length,
          back,
        ),
      );
      if (back && !first) {
        sums.push(network.takeSum());
        network.clear();
      }
      return result;
    });
    if (back && first) sums.push(network.takeSum());
    return { results, sums };
  }

  statesAfter(
    weights: Float32Array,
    part: CheckedBatch,
    states: RunStates,
  ): (CellStates | null)[] {
    this.#pack(weights);
    return atOnce(this.#gradients.statesAfter(part, states));
  }
}

/** How a worker is asked. */
export interface Hands {
  readonly count: number;
  /** @param request its weights may be taken along, the rest is not for one alone */
  compute(worker: number, request: ShardRequest): Promise<ShardAnswer | null>;
  statesAfter(
    weights: Float32Array,
    part: CheckedBatch,
    states: RunStates,
  ): Promise<(CellStates | null)[]>;
}

/** Shares shards out, and adds what comes back in their order: the bits are those of one. */
class SharingComputer implements Computer {
  readonly gradients: Gradients;
  readonly #hands: Hands;
  /** What each worker has of the data. */
  readonly #sent: readonly SentRows[];

  constructor(gradients: Gradients, hands: Hands) {
    this.gradients = gradients;
    this.#hands = hands;
    this.#sent = Array.from({ length: hands.count }, () => new SentRows());
  }

  async compute(
    session: Session,
    parts: readonly CheckedBatch[],
    states: RunStates,
    place: StepPlace,
    back: boolean,
    pace: Pace,
  ): Promise<readonly PartResult[]> {
    const { network } = this.gradients;
    // checked here: what is wrong with a batch is thrown to whoever gave it
    const prepared = parts.map((part) => this.gradients.prepare(part));
    const shards = parts.flatMap(({ given }, part) =>
      Array.from({ length: Math.ceil(given.batch / SHARD) }, (_, i): Shard => ({
        part,
        from: i * SHARD,
        to: Math.min(given.batch, (i + 1) * SHARD),
      })),
    );
    const lists = runsOf(shards, this.#hands.count);
    const answers = await Promise.all(
      lists.map(async (own, worker) => {
        const sent = this.#sent[worker] as SentRows;
        const ask = (how: "of" | "again") =>
          this.#hands.compute(worker, {
            weights: flatten(session.weights),
            parts: parts.map((part) => sent[how](part)),
            states,
            place,
            shards: own,
            back,
            first: worker === 0,
          });
        return (await ask("of")) ?? ((await ask("again")) as ShardAnswer);
      }),
    );
    if (back) network.clear();
    for (const { sums } of answers)
      for (const sum of sums) {
        network.addSum(sum);
        const turn = pace.turn();
        if (turn) await turn;
      }
    const all = answers.flatMap(({ results }) => results);
    return parts.map((_, part) => {
      const own = all.filter((__, i) => shards[i]?.part === part);
      return {
        loss: own.reduce((sum, { loss }) => sum + loss, 0),
        total: prepared[part]?.total ?? 0,
        ends: stackStates(own.map(({ ends }) => ends)),
        output: concat(own.map(({ output }) => output)),
      };
    });
  }

  statesAfter(
    session: Session,
    part: CheckedBatch,
    states: RunStates,
  ): Promise<(CellStates | null)[]> {
    const { origin: _, ...whole } = part;
    return this.#hands.statesAfter(flatten(session.weights), whole, states);
  }
}

/** In runs for so many workers, alike in length; the first, which answers with one sum, is never the shortest. */
function runsOf(shards: readonly Shard[], count: number): Shard[][] {
  const runs: Shard[][] = [];
  for (let from = 0; from < shards.length;) {
    const size = Math.ceil((shards.length - from) / (count - runs.length));
    runs.push(shards.slice(from, (from += size)));
  }
  return runs;
}

const flatten = (weights: StateDict): Float32Array =>
  concat(Object.values(weights).map(({ data }) => data));

/** A model's file, and the options as they go to workers: plain data. */
export interface RemoteStart {
  readonly bytes: Uint8Array;
  readonly options: TrainerOptions;
  /** The training on this side, once there are workers. */
  begin(hands: Hands): Training;
}

/** @throws TypeError for a loss that is a function */
export function startOf(model: Model, options: TrainerOptions): RemoteStart {
  const own = model instanceof Sequential ? model : new Sequential([model]);
  return start(own.save(), options, () => undefined);
}

/** From a checkpoint. */
export function resumeOf(checkpoint: Uint8Array): RemoteStart {
  const { model, options, restore } = readCheckpoint(checkpoint, undefined);
  return start(model.save(), options, (training) =>
    restore(training.session, training.place),
  );
}

function start(
  bytes: Uint8Array,
  options: TrainerOptions,
  restore: (training: Training) => void,
): RemoteStart {
  if (typeof options.loss === "function")
    throw new TypeError(
      "loss: expected one by its name, as a function does not go to a worker, got a function",
    );
  const subject = new Subject(Sequential.load(bytes));
  const checked = checkOptions(options, subject);
  return {
    bytes,
    options,
    begin(hands) {
      const gradients = new Gradients(subject, checked);
      const training = new Training(
        subject,
        checked,
        new SharingComputer(gradients, hands),
      );
      restore(training);
      return training;
    },
  };
}

/** Copies weights of one model to another of the same parameters. */
export function copyWeights(from: Training, to: Model): void {
  const { subject, session } = from;
  const target = new Subject(to);
  const named = Object.fromEntries(
    Object.entries(session.weights).map(([name, tensor]) => [
      subject.fullName(name),
      tensor,
    ]),
  );
  target.setWeights(
    Object.fromEntries(
      target.names.map((name) => [
        name,
        named[target.fullName(name)] as Tensor,
      ]),
    ),
  );
}
