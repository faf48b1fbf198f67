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

/** Options of `createPool`. */
export interface PoolOptions {
  /**
   * Creates a worker that runs the package's worker-script.js. In browsers, Deno and Bun, with or without a bundler:
   *
   *     () => new Worker(new URL("gatewise/worker-script.js", import.meta.url), { type: "module" })
   *     () => new Worker("/node_modules/gatewise/dist/worker-script.js", { type: "module" })
   *
   * Optional in Node. It is optional in the type everywhere, because with `moduleResolution: "bundler"` TypeScript does
   * not know the host of a program; on other hosts createPool throws a TypeError without it.
   */
  create?: () => WorkerLike;
  /** The number of workers; 1 by default. */
  workers?: number;
  /** As for `init`, in every worker. On the same machine, all compute the same bits in any case. */
  backend?: BackendChoice;
  /** As for `init`. */
  deterministic?: boolean;
}

/** Workers that run models in other threads. */
export class Pool {
  readonly #workers: WorkerGroup;

  /** @internal */
  constructor(workers: WorkerGroup) {
    this.#workers = workers;
  }

  /** The number of workers. */
  get workers(): number {
    return this.#workers.members.length;
  }

  /**
   * Sends a copy of a model to every worker; later changes of the model do not affect it. Bytes of a graph become a
   * RemoteGraph: `load<RemoteGraph>(bytes)`.
   *
   * @throws TypeError, FormatError, RangeError for anything but a model
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
   * A trainer whose batches are shared among the workers in shards of 8 rows, with the bits of a single thread. It trains
   * a copy of the model: `pull` gets the weights.
   *
   * @throws TypeError, RangeError that name the option; a loss that is a function cannot be sent to a worker
   */
  async trainer(
    model: TrainedModel,
    options: TrainerOptions,
  ): Promise<RemoteTrainer> {
    const { remoteTrainer } = await import("./trainer.js");
    return remoteTrainer(this.#workers, model, options);
  }

  /**
   * Resumes from a checkpoint of a Trainer or a RemoteTrainer.
   *
   * @throws FormatError for anything but a checkpoint
   */
  async resume(checkpoint: Uint8Array): Promise<RemoteTrainer> {
    const { resumeTrainer } = await import("./trainer.js");
    return resumeTrainer(this.#workers, checkpoint);
  }

  /** Terminates the workers. Pending calls reject. */
  close(): void {
    this.#workers.end(
      new Error("pool: expected it to be open, got a closed one"),
    );
  }
}

/**
 * Creates a pool of workers for models. It does not need SharedArrayBuffer, nor the HTTP headers for that.
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
    throw wrong(false, "create", "a function that returns a worker", create);
  positiveInteger(workers, "workers");
  const choice = {
    ...(backend !== undefined && { backend: checkBackend(backend) }),
    ...(deterministic !== undefined && {
      deterministic: boolean(deterministic, "deterministic"),
    }),
  };
  return new Pool(new WorkerGroup(startWorkers(create, workers), choice));
}

/** All workers or, if one cannot be created, none. */
function startWorkers(create: () => WorkerLike, count: number): WorkerLike[] {
  const started: WorkerLike[] = [];
  try {
    while (started.length < count) {
      const worker = create();
      if (typeof worker?.postMessage !== "function")
        throw wrong(
          false,
          "create",
          "a function that returns a worker",
          worker,
        );
      started.push(worker);
    }
    return started;
  } catch (error) {
    for (const worker of started) worker.terminate();
    throw error;
  }
}
