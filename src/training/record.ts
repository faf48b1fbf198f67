import { positiveInteger, record as recordOf, sameShape } from "../checks.js";
import {
  atOnce,
  type CellStates,
  type Network,
  type Tape as KernelTape,
  type TapeRun,
} from "../kernel/backward.js";
import { checkLengths, checkSteps } from "../layers/input.js";
import { checkMask, type MaskLike } from "../layers/mask.js";
import { checkSeed } from "../layers/options.js";
import type { States } from "../layers/state.js";
import type { StateDict } from "../safetensors.js";
import {
  checkTensor,
  concat,
  type Tensor,
  type TensorLike,
} from "../tensor.js";
import { inputOf } from "./batch.js";
import { randomAt } from "./counters.js";
import { SHARD, TAPE_BYTES } from "./limits.js";
import { checkDropout, checkFreeze } from "./options.js";
import type { Dropout } from "./plan.js";
import {
  joinStates,
  rowsOfStates,
  splitStates,
  stackStates,
} from "./states.js";
import { type Model, Subject } from "./subject.js";

/** How a tape is recorded: as Sequential.forward runs, and with what training does beside. */
export interface RecordOptions {
  state?: States;
  lengths?: readonly number[];
  mask?: MaskLike;
  dropout?: Readonly<Record<number, Dropout>>;
  /** Of dropout; 0. */
  seed?: number;
  /** Bytes for the tape; 256 MiB. */
  memory?: number;
}

/** What `backward` gives. */
export interface TapeGradients {
  /** By the names of the state dict; those of a bare layer also answer to "0." in front. */
  parameters: StateDict;
  input: Tensor | null;
  /** One a layer; null where the run was given no state. */
  state: States | null;
}

/** A run forward that can be gone back through, once. */
export interface Tape {
  readonly output: Tensor;
  readonly state: States;
  /**
   * @param gradient of the output, of the final states, or both; what is missing is 0
   * @throws Error the second time
   */
  backward(
    gradient: { output?: Tensor; state?: States },
    wrt?: { input?: boolean; state?: boolean; freeze?: readonly string[] },
  ): TapeGradients;
}

const OPTIONS = {
  state: 0,
  lengths: 0,
  mask: 0,
  dropout: 0,
  seed: 0,
  memory: 0,
} satisfies Record<keyof RecordOptions, 0>;

/** A model's network, kept for as long as the model is. */
const networks = new WeakMap<
  object,
  { key: string; network: Network; version: number; subject: Subject }
>();

/** What of dropout a network depends on; what JSON has no text for, checkDropout refuses. */
const keyOf = (dropout: Readonly<Record<number, Dropout>>, memory: number) =>
  JSON.stringify([dropout, memory], (_, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );

function networkOf(
  model: Model,
  dropout: Readonly<Record<number, Dropout>>,
  memory: number,
) {
  recordOf(dropout, "dropout");
  const key = keyOf(dropout, memory);
  let kept = networks.get(model);
  if (!kept || kept.key !== key) {
    const subject = new Subject(model);
    checkDropout(dropout, subject);
    const network = subject.network({
      backend: "auto",
      deterministic: false,
      freeze: [],
      dropout,
      memory,
    });
    kept = { key, network, version: -1, subject };
    networks.set(model, kept);
  }
  return kept;
}

/**
 * Runs sequences through a model and keeps what the way back needs.
 *
 * @throws TypeError, RangeError that name the argument
 */
export function record(
  model: Model,
  input: TensorLike,
  options: RecordOptions = {},
): Tape {
  const checked = recordOf(options, "options", OPTIONS);
  const { dropout = {}, seed = 0, memory = TAPE_BYTES } = options;
  positiveInteger(memory, "memory");
  checkSeed(seed);
  const kept = networkOf(model, dropout, memory);
  const { network, subject } = kept;
  const given = inputOf(subject, input);
  const { batch, steps, batched } = given;
  const lengths = checkLengths(checked["lengths"], given);
  checkSteps(subject.layers, steps, lengths);
  const mask = checkMask(checked["mask"], given);
  const states = splitStates(subject.layers, checked["state"], batch, batched);
  const pack = () => {
    if (kept.version === subject.version) return;
    const weights = subject.weights();
    atOnce(network.pack((name) => (weights[name] as Tensor).data));
    kept.version = subject.version;
  };
  pack();
  const size = given.data.length / batch;
  const shards: {
    tape: KernelTape;
    memory: Float32Array;
    from: number;
    to: number;
  }[] = [];
  const drops = Object.keys(dropout).length > 0;
  for (let from = 0; from < batch; from += SHARD) {
    const to = Math.min(batch, from + SHARD);
    const run: TapeRun = {
      input: given.data.subarray(from * size, to * size),
      batch: to - from,
      steps,
      lengths: lengths?.slice(from, to) ?? null,
      mask: mask?.subarray(from * steps, to * steps) ?? null,
      states: rowsOfStates(states, batch, from, to),
      draw: drops
        ? (operation, row) =>
            randomAt(seed, "dropout", 0, operation, from + row, 0)
        : null,
      logits: false,
    };
    const tape = atOnce(network.forward(run));
    shards.push({ tape, memory: network.save(), from, to });
  }
  const outputs = shards.map(({ tape }) => tape.output);
  const data = concat(outputs);
  const axes = [
    ...(batched ? [batch] : []),
    ...(subject.lastOnly ? [] : [subject.stepsOut(steps)]),
  ];
  const output = { shape: [...axes, subject.outputSize], data };
  const ends = stackStates(shards.map(({ tape }) => tape.ends));
  const version = kept.version;
  let done = false;
  return {
    output,
    state: joinStates(subject.layers, ends, batch, batched),
    backward(gradient, wrt = {}) {
      if (done)
        throw new Error("backward: expected one call a tape, got another");
      recordOf(gradient, "gradient", { output: 0, state: 0 });
      recordOf(wrt, "wrt", { input: 0, state: 0, freeze: 0 });
      const freeze = checkFreeze(wrt.freeze ?? [], subject, "wrt.freeze");
      const dy =
        gradient.output === undefined
          ? null
          : sameShape(
              checkTensor(gradient.output, "gradient.output"),
              output.shape,
              "gradient.output",
            ).data;
      const dstates = splitStates(
        subject.layers,
        gradient.state,
        batch,
        batched,
        "gradient.state",
      );
      if (subject.version !== version)
        throw new Error(
          "backward: expected the weights of the run forward, got others",
        );
      pack();
      done = true;
      network.clear();
      const inputs: Float32Array[] = [];
      const starts: (readonly (CellStates | null)[])[] = [];
      const each = data.length / batch;
      for (const { tape, memory, from, to } of shards) {
        network.restore(memory);
        const found = atOnce(
          network.backward(
            tape,
            dy && dy.subarray(from * each, to * each),
            rowsOfStates(dstates, batch, from, to),
            wrt.input ?? false,
            true,
          ),
        );
        if (found.input) inputs.push(found.input);
        starts.push(found.states);
      }
      shards.length = 0;
      const parameters: StateDict = {};
      for (const place of network.places) {
        const { name, shape } = place;
        if (subject.begins(name, freeze)) continue;
        const data = atOnce(network.gradient(place));
        const tensor = { shape: [...shape], data };
        parameters[name] = tensor;
        const full = subject.fullName(name);
        if (full !== name)
          Object.defineProperty(parameters, full, { value: tensor });
      }
      const state = wrt.state
        ? joinStates(subject.layers, stackStates(starts), batch, batched)
        : null;
      const inputShape = [
        ...(batched ? [batch] : []),
        steps,
        subject.inputSize,
      ];
      return {
        parameters,
        input: inputs.length
          ? { shape: inputShape, data: concat(inputs) }
          : null,
        state,
      };
    },
  };
}
