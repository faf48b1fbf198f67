import type { GraphInput, GraphStates } from "../graph/index.js";
import type { Port } from "../models/model.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { copyOf } from "./copies.js";
import type { WorkerGroup } from "./workers.js";
import { freed, newId } from "./handles.js";
import { releaseModel } from "./release.js";
import type { GraphFacts } from "./service.js";
import { abortable, callOptions, type CallOptions } from "./signal.js";
import { RemoteStream } from "./stream.js";

/** A graph in the workers of a pool: the methods of Graph, with promises. Each call runs in one worker. */
export class RemoteGraph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** The kernel that the workers use. */
  readonly backend: GraphFacts["backend"];
  readonly #id: number;
  readonly #workers: WorkerGroup;

  /** @internal */
  constructor(id: number, workers: WorkerGroup, facts: GraphFacts) {
    this.#id = id;
    this.#workers = workers;
    this.inputs = facts.inputs;
    this.outputs = facts.outputs;
    this.backend = facts.backend;
    // the callback does not refer to the graph itself
    freed.register(this, () => releaseModel(workers, id), this);
  }

  /**
   * As Graph.run.
   *
   * @throws TypeError, RangeError as there; the signal's reason
   */
  async run(
    inputs: Readonly<Record<string, GraphInput>>,
    options: CallOptions = {},
  ): Promise<Record<string, Tensor>> {
    const { signal } = callOptions(options, { signal: 0 });
    const copy = copyOf(inputs, "inputs");
    const work = this.#workers.share(
      (member) => member.call("runGraph", this.#id, copy),
      signal,
    );
    return abortable(work, signal);
  }

  /**
   * As Graph.forward.
   *
   * @throws TypeError, RangeError as there; the signal's reason
   */
  async forward(
    input: TensorLike,
    options: CallOptions & { state?: GraphStates } = {},
  ): Promise<{ output: Tensor; state: Record<string, Tensor> }> {
    const { signal, state } = callOptions(options, { state: 0, signal: 0 });
    const given = copyOf(input, "input");
    const how = state === undefined ? {} : { state: copyOf(state, "state") };
    const work = this.#workers.share(
      (member) => member.call("forwardGraph", this.#id, given, how),
      signal,
    );
    return abortable(work, signal);
  }

  /**
   * A stream over the graph, in one of the workers.
   *
   * @throws TypeError, RangeError as Graph.stream
   */
  async stream(
    options: { state?: GraphStates } = {},
  ): Promise<RemoteStream<Record<string, Tensor>>> {
    const member = this.#workers.next();
    const id = newId();
    const copy = copyOf(options, "options");
    await member.call("openStream", this.#id, id, copy);
    return new RemoteStream(id, member);
  }

  /** Frees the graph in the workers now. Optional: it is freed some time after it becomes unreachable. */
  dispose(): void {
    freed.unregister(this);
    releaseModel(this.#workers, this.#id);
  }
}
