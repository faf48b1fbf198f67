import type { BodyDescription, NodeDescription } from "../description.js";
import type { Value } from "../value.js";
import type { Counter, Expression, Step } from "./expressions.js";
import type { Steps } from "./rule.js";
import { RULES } from "./rules.js";

/** What a body reads from around it. */
export interface Outside {
  /** A value by its name: where it is, its numbers when they are known, whether they are all 1. */
  find(
    name: string,
  ): { slot: number; value: Value | null; ones: boolean } | null;
}

/** What the inputs of the loop's states are, where that is known at load. */
export type Initial = readonly (Value | null)[];

/** A loop's body: its values as expressions, null for what no cell has. */
export class Body implements Steps {
  readonly #description: BodyDescription;
  readonly #outside: Outside;
  readonly #values = new Map<string, Expression | null>();
  readonly #makers = new Map<string, NodeDescription>();
  readonly #arounds = new Map<number, Expression>();
  readonly #steps = new Map<string, Step>();
  /** Where the ones lie with which a step was multiplied: they must not be more than it. */
  readonly ones = new Set<number>();

  constructor(
    description: BodyDescription,
    outside: Outside,
    initial: Initial,
  ) {
    this.#description = description;
    this.#outside = outside;
    const [iteration, going, ...states] = description.inputs;
    const counter = {
      kind: "counter",
      start: 0,
      plus: 0,
      axis: false,
    } as const;
    this.#values.set(iteration as string, { ...counter, index: -1 });
    this.#values.set(going as string, { kind: "condition", limits: [] });
    states.forEach((name, index) => {
      const value = initial[index];
      const counts =
        value && value.dtype !== "float32" && value.shape.length === 0;
      this.#values.set(
        name,
        counts
          ? { ...counter, index, start: value.data[0] as number }
          : { kind: "state", index },
      );
    });
    for (const [name, value] of description.constants)
      this.#values.set(name, { kind: "known", value });
    for (const node of description.nodes)
      for (const output of node.outputs)
        if (output) this.#makers.set(output, node);
  }

  /** The outputs: whether the loop goes on, the new states, and what is stacked. */
  outputs(): (Expression | null)[] {
    // in their order, so that no chain of nodes is deeper than one
    for (const node of this.#description.nodes) this.#compute(node);
    return this.#description.outputs.map((name) => this.value(name));
  }

  value(name: string): Expression | null {
    const own = this.#values.get(name);
    if (own !== undefined || this.#makers.has(name)) return own ?? null;
    const found = this.#outside.find(name);
    if (!found) return null;
    const { slot, value, ones } = found;
    if (value) return { kind: "known", value };
    const around = this.#arounds.get(slot);
    const made = around ?? { kind: "around", slot, ones };
    this.#arounds.set(slot, made);
    return made;
  }

  /** One object for a step of a sequence, however often the body takes it. */
  step(slot: number, counter: Counter, axis: boolean): Step {
    const key = `${slot} ${counter.index} ${counter.start} ${counter.plus} ${axis}`;
    const known = this.#steps.get(key);
    if (known) return known;
    const made: Step = { kind: "step", slot, counter, axis };
    this.#steps.set(key, made);
    return made;
  }

  #compute({ type, inputs, outputs, attributes }: NodeDescription): void {
    const given = inputs.map((name) => (name ? this.value(name) : null));
    const rule = RULES[type];
    const made = rule ? rule(this, given, attributes, outputs.length) : null;
    outputs.forEach((name, i) => {
      if (!name) return;
      const value = Array.isArray(made) ? made[i] : i ? null : made;
      this.#values.set(name, (value as Expression | null | undefined) ?? null);
    });
  }
}
