import type { Network, Work } from "../kernel/backward.js";
import type { StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";
import { TrainingError } from "./errors.js";
import {
  type CheckedSchedule,
  type Moments,
  type Plateau,
  type Rule,
  ruleOf,
  scheduleOf,
} from "./optimizers.js";
import type { CheckedOptions } from "./options.js";
import type { Subject } from "./subject.js";

/** What a training has come to: weights, moments, steps; and how a gradient changes them. */
export class Session {
  readonly subject: Subject;
  readonly #clipNorm: number;
  readonly #rule: Rule;
  readonly #schedule: CheckedSchedule;
  readonly #factors: ReadonlyMap<string, number>;
  readonly #trained: ReadonlySet<string>;
  /** Of the running step: made once, not garbage of every one. */
  readonly #gradients = new Map<string, Float32Array>();
  /** The weights as the optimiser has them; the model's are copies. */
  weights: StateDict;
  readonly moments: Map<string, Moments>;
  readonly plateau: Plateau = { best: null, waited: 0, factor: 1 };
  /** Steps that the optimiser has made. */
  steps = 0;
  epochs = 0;
  /** The fit that began last, unless it has ended; between steps it waits for whoever loops over it. */
  fit: { waits: boolean } | null = null;
  /** The model's version when our weights were last its own, or its best were put there. */
  #version: number;
  #packed = false;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(subject: Subject, options: CheckedOptions) {
    this.subject = subject;
    this.#clipNorm = options.clipNorm;
    this.#rule = ruleOf(options.optimizer);
    this.#schedule = scheduleOf(options.schedule);
    this.weights = subject.weights();
    this.#version = subject.version;
    const { freeze, learningRates } = options;
    this.#trained = new Set(
      subject.names.filter(
        (name) => !subject.begins(name, freeze) && !subject.fixed(name),
      ),
    );
    this.#factors = new Map(
      subject.names.map((name) => {
        let factor = 1;
        for (const [beginning, own] of Object.entries(learningRates))
          if (subject.begins(name, [beginning])) factor *= own;
        return [name, factor];
      }),
    );
    this.moments = new Map(
      Array.from(this.#trained, (name) => [
        name,
        Object.fromEntries(
          this.#rule.moments.map((moment) => [
            moment,
            new Float32Array((this.weights[name] as Tensor).data.length),
          ]),
        ),
      ]),
    );
  }

  /** Takes over weights that somebody else gave the model since. */
  sync(): void {
    if (this.subject.version === this.#version) return;
    this.weights = this.subject.weights();
    this.#version = this.subject.version;
    this.#packed = false;
  }

  /** Writes our weights into the network that computes with them, unless they are there. */
  *pack(network: Network): Work {
    if (this.#packed) return;
    yield* network.pack((name) => (this.weights[name] as Tensor).data);
    this.#packed = true;
  }

  /** Whether a batch is being computed. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** One batch at once: what it calls, a loss of the user's, finds the session busy. */
  at<Result>(work: () => Result): Result {
    this.#waiting++;
    try {
      return work();
    } finally {
      this.#waiting--;
    }
  }

  /** One batch after another: they share the network, whose tape is not done with while others run between its pieces. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waiting++;
    const result = this.#last.then(work);
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await result;
    } finally {
      this.#waiting--;
    }
  }

  /** The rate of the next step. */
  get learningRate(): number {
    return (
      this.#rule.learningRate * this.#schedule.factor(this.steps, this.plateau)
    );
  }

  /** Whether the schedule goes by validation losses. */
  get watches(): boolean {
    return this.#schedule.observe !== null;
  }

  observe(validation: number): void {
    this.#schedule.observe?.(validation, this.plateau);
  }

  /**
   * A step by the gradients that the network has summed. Until the last piece of the work nothing has changed.
   *
   * @returns their norm before clipping
   * @throws TrainingError for a loss or gradient that is not finite; nothing has then changed
   */
  *apply(network: Network, loss: number): Work<number> {
    if (!Number.isFinite(loss)) throw new TrainingError(this.steps + 1, null);
    const gradients = this.#gradients;
    let square = 0;
    for (const place of network.places) {
      if (!this.#trained.has(place.name)) continue;
      const gradient = yield* network.gradient(
        place,
        gradients.get(place.name),
      );
      let own = 0;
      for (let i = 0; i < gradient.length; i++)
        own += (gradient[i] as number) ** 2;
      gradients.set(place.name, gradient);
      if (!Number.isFinite(own))
        throw new TrainingError(this.steps + 1, place.name);
      square += own;
    }
    const norm = Math.sqrt(square);
    const scale = Math.min(1, this.#clipNorm / (norm + 1e-6));
    const rate = this.learningRate;
    this.steps++;
    for (const [name, gradient] of gradients) {
      const { data } = this.weights[name] as Tensor;
      const factor = this.#factors.get(name) as number;
      const moments = this.moments.get(name) as Moments;
      this.#rule.update(
        data,
        gradient,
        scale,
        moments,
        this.steps,
        rate * factor,
      );
    }
    this.#packed = false;
    this.publish();
    return norm;
  }

  /** Makes our weights the model's, or others, which are then not taken for somebody else's. */
  publish(weights: StateDict = this.weights): void {
    this.subject.setWeights(weights);
    this.#version = this.subject.version;
  }

  /** A copy of the weights. */
  snapshot(): StateDict {
    return Object.fromEntries(
      Object.entries(this.weights).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.slice() },
      ]),
    );
  }

  /** Goes on from other weights. */
  adopt(weights: StateDict): void {
    this.weights = weights;
    this.#packed = false;
    this.publish();
  }
}
