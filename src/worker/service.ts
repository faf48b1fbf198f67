import { type Backend, currentBackend, init } from "../kernel/load.js";
import type { Graph, GraphStates } from "../graph/index.js";
import { isSaved } from "../graph/is-saved.js";
import type {
  Model,
  ModelStateLike,
  ModelStream,
  Port,
} from "../models/model.js";
import type { GenerateOptions } from "../models/generate.js";
import {
  Sequential,
  type SequentialForwardOptions,
} from "../models/sequential.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { type ShardRequest, ShardWorker } from "../training/remote.js";
import type { TrainerOptions } from "../training/index.js";

/** What the caller needs to know about a model to share its work among workers. */
export interface ModelFacts {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly backend: Backend;
  /** Multiplications for one step of one sequence, approximately. */
  readonly weights: number;
  readonly tokens: boolean;
  /** Whether a sequence can be run in pieces, one after another. */
  readonly causal: boolean;
  /** Whether it returns only the last step. */
  readonly lastOnly: boolean;
}

/** What the caller needs to know about a graph. */
export interface GraphFacts {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly backend: Backend;
}

export interface InitChoice {
  backend?: Backend | "auto";
  deterministic?: boolean;
}

export interface Generated {
  tokens: number[];
  done: boolean;
}

/** What a worker keeps until it is released. */
export type Held = "model" | "stream" | "generator" | "trainer";

export type Service = ReturnType<typeof createService>;

/** The calls that a worker answers. Handles are numbers chosen by the caller. */
export function createService() {
  const models = new Map<number, Sequential>();
  const graphs = new Map<number, Graph>();
  const streams = new Map<number, ModelStream>();
  const generators = new Map<number, Generator<number>>();
  const trainers = new Map<number, ShardWorker>();
  const modelOf = (id: number) => held(models, id, "model");
  const graphOf = (id: number) => held(graphs, id, "model");
  const streamOf = (id: number) => held(streams, id, "stream");
  /** Calls of `forward` that have not begun. */
  const waiting = new Set<number>();
  let turn = Promise.resolve();

  return {
    init: (choice: InitChoice) => init(choice),

    async load(
      id: number,
      bytes: Uint8Array,
    ): Promise<{ chain: ModelFacts | null; graph: GraphFacts | null }> {
      if (isSaved(bytes)) {
        // most pools have no graph, and their operations are 300 kB of code
        const { loadGraph } = await import("../graph/load-graph.js");
        const graph = loadGraph(bytes);
        graphs.set(id, graph);
        const { inputs, outputs } = graph;
        const backend = currentBackend();
        return { chain: null, graph: { inputs, outputs, backend } };
      }
      const model = Sequential.load(bytes);
      models.set(id, model);
      return { chain: factsOf(model), graph: null };
    },

    runGraph: (id: number, inputs: Parameters<Graph["run"]>[0]) =>
      graphOf(id).run(inputs),
    forwardGraph: (
      id: number,
      input: TensorLike,
      options: { state?: GraphStates },
    ) => graphOf(id).forward(input, options),

    /**
     * Runs in a turn of the event loop of its own, so that messages can arrive between two calls: a `call` that has been
     * given up meanwhile does not start.
     */
    async forward(
      id: number,
      input: Tensor,
      options: SequentialForwardOptions,
      call: number,
    ): Promise<ReturnType<Sequential["forward"]>> {
      // looked up now, because it may be released before its turn
      const model = modelOf(id);
      waiting.add(call);
      turn = turn.then(nextTurn);
      await turn;
      if (!waiting.delete(call)) throw new Error("forward: given up");
      return model.forward(input, options);
    },
    giveUp: (call: number) => void waiting.delete(call),

    forecast: (id: number, history: Tensor, steps: number) =>
      modelOf(id).forecast(history, steps),

    openStream(
      id: number,
      stream: number,
      options: { state?: ModelStateLike },
    ): void {
      const model: Model = graphs.get(id) ?? modelOf(id);
      streams.set(stream, model.stream(options));
    },
    // a copy, because the message transfers the buffer
    step: (id: number, frame: ArrayLike<number>): Float32Array =>
      streamOf(id).step(frame).slice(),
    run: (id: number, frames: ArrayLike<number>): Float32Array =>
      streamOf(id).run(frames),
    getState: (id: number) => streamOf(id).state,
    setState(id: number, state: ModelStateLike): void {
      streamOf(id).state = state;
    },
    reset: (id: number) => streamOf(id).reset(),
    fork(id: number, copy: number): void {
      streams.set(copy, streamOf(id).fork());
    },

    startGenerator(model: number, id: number, options: GenerateOptions): void {
      generators.set(id, modelOf(model).generate(options));
    },
    generate(id: number, count: number): Generated {
      const tokens: number[] = [];
      const generator = held(generators, id, "generator");
      while (tokens.length < count) {
        const { value, done } = generator.next();
        if (done) return { tokens, done };
        tokens.push(value);
      }
      return { tokens, done: false };
    },

    loadTrainer(id: number, bytes: Uint8Array, options: TrainerOptions): void {
      trainers.set(id, new ShardWorker(bytes, options));
    },
    train: (id: number, request: ShardRequest) =>
      held(trainers, id, "trainer").compute(request),
    statesAfter: (
      id: number,
      ...given: Parameters<ShardWorker["statesAfter"]>
    ) => held(trainers, id, "trainer").statesAfter(...given),

    release(kind: Held, id: number): void {
      if (kind === "model") {
        models.delete(id);
        graphs.delete(id);
      } else if (kind === "trainer") trainers.delete(id);
      else if (kind === "generator") generators.delete(id);
      else {
        streams.get(id)?.dispose();
        streams.delete(id);
      }
    },
  };
}

/** Lets messages that have arrived go first. Node, Deno and Bun have setImmediate; timers would wait for milliseconds. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function held<T>(map: ReadonlyMap<number, T>, id: number, what: string): T {
  const value = map.get(id);
  if (value) return value;
  throw new Error(
    `${what}: expected one in use, got one that was disposed of or belongs to another pool`,
  );
}

function factsOf(model: Sequential): ModelFacts {
  const { inputSize, outputSize, takesTokens, streamable, lastOnly } = model;
  return {
    inputSize,
    outputSize,
    backend: currentBackend(),
    weights: model.multiplications,
    tokens: takesTokens,
    // a model with masks starts anew with every call
    causal: streamable,
    lastOnly,
  };
}
