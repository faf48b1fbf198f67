import { message, record } from "../checks.js";
import type { Tensor } from "../tensor.js";
import type { Compiled } from "./compile.js";
import type { Step } from "./node.js";
import { runSteps } from "./plan.js";
import { type Input, toTensor, toValue } from "./ports.js";
import { RunMeter } from "./runs.js";
import type { Value } from "./value.js";

/** Runs a compiled graph on values, which are in the order of its inputs and outputs. */
export class Runner {
  readonly inputs: readonly Input[];
  /** Names, in order. */
  readonly outputs: readonly string[];
  readonly #compiled: Compiled;
  readonly #names: ReadonlySet<string>;
  readonly #slots: (Value | undefined)[];
  readonly #meter: RunMeter;
  #disposed = false;

  constructor(compiled: Compiled) {
    const { inputs, description, plan } = compiled;
    this.#compiled = compiled;
    this.inputs = inputs;
    this.outputs = description.outputs.map(({ name }) => name);
    this.#names = new Set(inputs.map(({ port }) => port.name));
    this.#slots = [...plan.constants];
    this.#meter = new RunMeter(compiled.limits);
  }

  /**
   * The values of the inputs; `except`: the names of those that come from elsewhere, which stay undefined.
   *
   * @throws TypeError, RangeError that name the input
   */
  check(
    given: unknown,
    except: ReadonlySet<string> = NONE,
  ): (Value | undefined)[] {
    const entries = record(given, "inputs");
    for (const name of Object.keys(entries)) {
      if (this.#names.has(name) && !except.has(name)) continue;
      const open = this.inputs.filter(({ port }) => !except.has(port.name));
      const needed = open.filter(({ initial }) => !initial);
      const names = (needed.length ? needed : open).map(
        ({ port }) => port.name,
      );
      const others =
        needed.length && needed.length < open.length
          ? ", and optionalInputs,"
          : "";
      const expected = `the inputs ${names.join(", ")}${others} alone`;
      throw new RangeError(
        message(`inputs[${JSON.stringify(name)}]`, expected, "an unknown one"),
      );
    }
    const values: (Value | undefined)[] = [];
    for (const input of this.inputs) {
      const { port, initial } = input;
      const { name } = port;
      if (except.has(name)) {
        values.push(undefined);
        continue;
      }
      const own = Object.hasOwn(entries, name) ? entries[name] : undefined;
      values.push(own === undefined && initial ? initial : toValue(own, input));
    }
    return values;
  }

  /** @throws Error where the graph was disposed of */
  checkUse(): void {
    if (!this.#disposed) return;
    throw new Error(
      "Graph: expected a layer or model in use, got one that was disposed of",
    );
  }

  /** Gives the memory of its nodes back, and what they keep from run to run. */
  dispose(): void {
    this.#disposed = true;
    this.#slots.length = 0;
    const release = (steps: readonly Step[]): void => {
      for (const { node, runs } of steps) {
        runs.forget();
        for (const own of node.owned) own.dispose();
        for (const body of node.bodies.values()) release(body.steps);
      }
    };
    release(this.#compiled.plan.steps);
  }

  /**
   * Values of the inputs → those of the outputs.
   *
   * @param trace is told every value that a node makes, by its name
   */
  compute(
    values: readonly (Value | undefined)[],
    trace: ((name: string, value: Value) => void) | null = null,
  ): Value[] {
    this.checkUse();
    const { plan } = this.#compiled;
    const slots = this.#slots;
    this.#meter.start();
    for (let i = 0; i < values.length; i++)
      slots[plan.inputs[i] as number] = values[i];
    runSteps(plan.steps, {
      slots,
      meter: this.#meter,
      trace:
        trace && ((slot, value) => trace(plan.names[slot] as string, value)),
    });
    const outputs: Value[] = [];
    for (const slot of plan.outputs) outputs.push(slots[slot] as Value);
    return outputs;
  }

  /** Values of the outputs as users get them: copies. */
  tensors(values: readonly Value[]): Record<string, Tensor> {
    const entries: [string, Tensor][] = [];
    for (let i = 0; i < values.length; i++) {
      const name = this.outputs[i] as string;
      entries.push([name, toTensor(values[i] as Value, name)]);
    }
    // fromEntries defines own properties, so an output may be called __proto__
    return Object.fromEntries(entries);
  }
}

const NONE: ReadonlySet<string> = new Set();
