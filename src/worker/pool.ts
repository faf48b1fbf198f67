import { boolean, positiveInteger, record, wrong } from "../checks.js";
import { type BackendChoice, checkBackend } from "../layers/options.js";
import type { Graph } from "../graph/index.js";
import { modelBytes, type ModelSource } from "../messages.js";
import { WorkerGroup } from "./workers.js";
import { RemoteGraph } from "./graph.js";
import { newId } from "./handles.js";
import { RemoteModel } from "./model.js";
import type {
  Model as TrainedModel,
  TrainerOptions,
} from "../training/index.js";
import type { GraphFacts } from "./service.js";
import type { RemoteTrainer } from "./trainer.js";
import type { WorkerLike } from "../worker-like.js";

/** Which workers, how many, and what they compute on. */
export interface PoolOptions {
  /**
   * Makes a worker that runs the package's worker-script.js. With a bundler, and without one, in browsers, Deno and Bun:
   *
   *     () => new Worker(new URL("gatewise/worker-script.js", import.meta.url), { type: "module" })
   *     () => new Worker("/node_modules/gatewise/dist/worker-script.js", { type: "module" })
   *
   * In Node it may be left out. Its type says so everywhere, because with `moduleResolution: "bundler"` TypeScript does
   * not know which host a program is for: elsewhere createPool throws a TypeError without it.
   */
  create?: () => WorkerLike;
  /** How many; 1 by default. */
  workers?: number;
  /** As for `init`, in every worker. All run on one machine, so all compute the same bits in any case. */
  backend?: BackendChoice;
  deterministic?: boolean;
}

/** Workers that run models off this thread. */
export class Pool {
  readonly #workers: WorkerGroup;

  /** @internal */
  constructor(workers: WorkerGroup) {
    this.#workers = workers;
  }

  /** How many workers there are. */
  get workers(): number {
    return this.#workers.members.length;
  }

  /**
   * Sends a model, a chain of layers or a graph, to every worker. It is a copy: what changes in the model later,
   * changes here alone. Bytes whose model is a graph's make a RemoteGraph too: `load<RemoteGraph>(bytes)`.
   *
   * @throws TypeError, FormatError, RangeError for what is no model
   */
  load(model: Graph): Promise<RemoteGraph>;
  load<M extends RemoteModel | RemoteGraph = RemoteModel>(
    model: ModelSource,
  ): Promise<M>;
  async load(model: ModelSource): Promise<RemoteModel | RemoteGraph> {
    const bytes = modelBytes(model);
    const id = newId();
    const loads = this.#workers.members.map(async (member) => {
      await member.ready;
      return member.call("load", id, new Uint8Array(bytes));
    });
    const [facts] = await Promise.all(loads);
    const { chain, graph } = facts as NonNullable<typeof facts>;
    return chain
      ? new RemoteModel(id, this.#workers, chain)
      : new RemoteGraph(id, this.#workers, graph as GraphFacts);
  }

  /**
   * A trainer whose batches the workers share out, in shards of 8 rows; the bits are those of one. The model is a copy:
   * `pull` brings its weights back.
   *
   * @throws TypeError, RangeError that name the option; a loss that is a function does not go to a worker
   */
  async trainer(
    model: TrainedModel,
    options: TrainerOptions,
  ): Promise<RemoteTrainer> {
    const { remoteTrainer } = await import("./trainer.js");
    return remoteTrainer(this.#workers, model, options);
  }

  /**
   * Goes on from a checkpoint of a Trainer or a RemoteTrainer.
   *
   * @throws FormatError for what is none
   */
  async resume(checkpoint: Uint8Array): Promise<RemoteTrainer> {
    const { resumeTrainer } = await import("./trainer.js");
    return resumeTrainer(this.#workers, checkpoint);
  }

  /** Ends the workers. What is under way rejects. */
  close(): void {
    this.#workers.end(
      new Error("pool: expected it to be open, got a closed one"),
    );
  }
}

/**
 * Workers for models: none of them needs SharedArrayBuffer, nor the page the headers that it asks for.
 *
 *     const pool = createPool({ workers: 2, create });
 *     const model = await pool.load(sequential);
 *     const { output } = await model.forward(input, { signal });
 *
 * @throws TypeError, RangeError that name the option
 */
export function createPool(options: PoolOptions): Pool {
  record(options, "options", {
    create: 0,
    workers: 0,
    backend: 0,
    deterministic: 0,
  } satisfies Record<keyof PoolOptions, 0>);
  const { create, workers = 1, backend, deterministic } = options;
  if (typeof create !== "function")
    throw wrong(false, "create", "a function that makes a worker", create);
  positiveInteger(workers, "workers");
  const choice = {
    ...(backend !== undefined && { backend: checkBackend(backend) }),
    ...(deterministic !== undefined && {
      deterministic: boolean(deterministic, "deterministic"),
    }),
  };
  const all = Array.from({ length: workers }, () => create());
  return new Pool(new WorkerGroup(all, choice));
}
