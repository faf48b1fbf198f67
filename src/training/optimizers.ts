import { message, oneOf, record, wrong } from "../checks.js";
import { cosPi, power } from "../kernel/backward.js";

/** PyTorch's update rules to the letter: torch.optim.SGD, Adam, AdamW. */
export type Optimizer =
  | {
      name: "sgd";
      learningRate: number;
      momentum?: number;
      nesterov?: boolean;
      /** L2. */
      weightDecay?: number;
    }
  | {
      name: "adam" | "adamw";
      /** 1e-3 */
      learningRate?: number;
      /** [0.9, 0.999] */
      betas?: readonly [number, number];
      /** 1e-8 */
      epsilon?: number;
      /** adam: L2, 0; adamw: decoupled, 0.01. */
      weightDecay?: number;
    };

/** Factors of the learning rate, by steps of the optimiser. */
export type Schedule =
  | "constant"
  | { name: "cosine" | "linear"; warmup?: number; steps: number; end?: number }
  | { name: "exponential"; factor: number; every?: number }
  | { name: "plateau"; factor?: number; patience?: number; minDelta?: number };

/** A parameter's moments: Adam's two, momentum's one. */
export type Moments = Record<string, Float32Array>;

/** An optimiser with its options filled in. */
export interface Rule {
  readonly learningRate: number;
  /** Names of the moments it needs. */
  readonly moments: readonly string[];
  /** Changes w in place, at step `step` (from 1) of a rate, by the gradient g times `scale`. */
  update(
    w: Float32Array,
    g: Float32Array,
    scale: number,
    moments: Moments,
    step: number,
    rate: number,
  ): void;
}

function within(
  value: unknown,
  name: string,
  least: number,
  below = Number.POSITIVE_INFINITY,
): number {
  if (typeof value === "number" && value >= least && value < below)
    return value;
  const bound =
    below === Number.POSITIVE_INFINITY ? "" : ` to less than ${below}`;
  throw wrong(
    typeof value === "number",
    name,
    `a number from ${least}${bound}`,
    value,
  );
}

export function ruleOf(value: unknown): Rule {
  const name = oneOf(record(value, "optimizer")["name"], "optimizer.name", [
    "sgd",
    "adam",
    "adamw",
  ]);
  return name === "sgd" ? sgd(value) : adam(value, name);
}

function sgd(value: unknown): Rule {
  const given = record(value, "optimizer", {
    name: 0,
    learningRate: 0,
    momentum: 0,
    nesterov: 0,
    weightDecay: 0,
  });
  const learningRate = within(
    given["learningRate"],
    "optimizer.learningRate",
    0,
  );
  const momentum = within(given["momentum"] ?? 0, "optimizer.momentum", 0);
  const decay = within(given["weightDecay"] ?? 0, "optimizer.weightDecay", 0);
  const nesterov = given["nesterov"] ?? false;
  if (nesterov && !momentum)
    throw new RangeError(
      message("optimizer.momentum", "a number above 0 for nesterov", "0"),
    );
  return {
    learningRate,
    moments: momentum ? ["momentum"] : [],
    update(w, g, scale, { momentum: buffer }, step, rate) {
      for (let i = 0; i < w.length; i++) {
        const value = w[i] as number;
        let d = (g[i] as number) * scale + decay * value;
        if (buffer) {
          // PyTorch begins with the gradient itself
          const m = step === 1 ? d : momentum * (buffer[i] as number) + d;
          buffer[i] = m;
          d = nesterov ? d + momentum * m : m;
        }
        w[i] = value - rate * d;
      }
    },
  };
}

function adam(value: unknown, name: "adam" | "adamw"): Rule {
  const given = record(value, "optimizer", {
    name: 0,
    learningRate: 0,
    betas: 0,
    epsilon: 0,
    weightDecay: 0,
  });
  const learningRate = within(
    given["learningRate"] ?? 1e-3,
    "optimizer.learningRate",
    0,
  );
  const epsilon = within(given["epsilon"] ?? 1e-8, "optimizer.epsilon", 0);
  const decoupled = name === "adamw";
  const decay = within(
    given["weightDecay"] ?? (decoupled ? 0.01 : 0),
    "optimizer.weightDecay",
    0,
  );
  const betas = given["betas"] ?? [0.9, 0.999];
  if (!Array.isArray(betas) || betas.length !== 2)
    throw wrong(false, "optimizer.betas", "two numbers", betas);
  const b1 = within(betas[0], "optimizer.betas[0]", 0, 1);
  const b2 = within(betas[1], "optimizer.betas[1]", 0, 1);
  return {
    learningRate,
    moments: ["first", "second"],
    update(w, g, scale, { first, second }, step, rate) {
      const m = first as Float32Array;
      const v = second as Float32Array;
      const size = rate / (1 - power(b1, step));
      // multiplied by: a division a weight takes as long as all else of it
      const root = 1 / Math.sqrt(1 - power(b2, step));
      const l2 = decoupled ? 0 : decay;
      const shrink = decoupled ? 1 - rate * decay : 1;
      for (let i = 0; i < w.length; i++) {
        const value = (w[i] as number) * shrink;
        const d = (g[i] as number) * scale + l2 * value;
        const a = b1 * (m[i] as number) + (1 - b1) * d;
        const b = b2 * (v[i] as number) + (1 - b2) * d * d;
        m[i] = a;
        v[i] = b;
        w[i] = value - (size * a) / (Math.sqrt(b) * root + epsilon);
      }
    },
  };
}

/** What a plateau remembers: of validation losses. */
export interface Plateau {
  best: number | null;
  waited: number;
  factor: number;
}

/** The factor of a step, counted from 0. */
export type Factor = (step: number, plateau: Plateau) => number;

export interface CheckedSchedule {
  readonly factor: Factor;
  /** Takes a validation loss; null: it goes by steps alone. */
  readonly observe: ((loss: number, plateau: Plateau) => void) | null;
}

export function scheduleOf(value: unknown): CheckedSchedule {
  if (value === "constant") return { factor: () => 1, observe: null };
  const name = oneOf(record(value, "schedule")["name"], "schedule.name", [
    "cosine",
    "linear",
    "exponential",
    "plateau",
  ]);
  const number = (
    given: Record<string, unknown>,
    key: string,
    least: number,
    otherwise?: number,
  ) => within(given[key] ?? otherwise, `schedule.${key}`, least);
  if (name === "exponential") {
    const given = record(value, "schedule", { name: 0, factor: 0, every: 0 });
    const factor = number(given, "factor", 0);
    const every = number(given, "every", 1, 1);
    return {
      factor: (step) => power(factor, Math.floor(step / every)),
      observe: null,
    };
  }
  if (name === "plateau") {
    const given = record(value, "schedule", {
      name: 0,
      factor: 0,
      patience: 0,
      minDelta: 0,
    });
    const factor = within(given["factor"] ?? 0.1, "schedule.factor", 0, 1);
    const patience = number(given, "patience", 0, 10);
    const minDelta = number(given, "minDelta", 0, 0);
    return {
      factor: (_, plateau) => plateau.factor,
      observe(loss, plateau) {
        // NaN is never the best: it would remain it
        const better =
          plateau.best === null
            ? loss < Infinity
            : loss < plateau.best - minDelta;
        if (better) {
          plateau.best = loss;
          plateau.waited = 0;
        } else if (++plateau.waited > patience) {
          plateau.factor *= factor;
          plateau.waited = 0;
        }
      },
    };
  }
  const given = record(value, "schedule", {
    name: 0,
    warmup: 0,
    steps: 0,
    end: 0,
  });
  const warmup = number(given, "warmup", 0, 0);
  const steps = number(given, "steps", 1);
  const end = number(given, "end", 0, 0);
  if (warmup > steps)
    throw wrong(
      true,
      "schedule.warmup",
      `at most the ${steps} of schedule.steps`,
      warmup,
    );
  return {
    factor(step) {
      if (step < warmup) return (step + 1) / warmup;
      const done = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
      const left = name === "linear" ? 1 - done : (1 + cosPi(done)) / 2;
      return end + (1 - end) * left;
    },
    observe: null,
  };
}
