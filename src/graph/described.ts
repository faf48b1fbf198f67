/*
 * What a compiled graph is made of, as a description again: what was computed at load stays computed, and what layers
 * have taken in is what they have, integers where they were rounded.
 */
import {
  type AttributeValue,
  type BodyDescription,
  calledBy,
  type GraphDescription,
  isBody,
  type NodeDescription,
} from "./description.js";
import type { Layer } from "../index.js";
import type { Body, Node, Step } from "./node.js";
import type { Plan } from "./plan.js";
import type { Numbers, Value } from "./value.js";

/** Compiled again it has the same outputs, to the bit. */
export function described(
  plan: Plan,
  { inputs, outputs }: Pick<GraphDescription, "inputs" | "outputs">,
): GraphDescription {
  const reader = new PlanReader(plan);
  const nodes = reader.nodes(plan.steps);
  reader.addKnown(plan.outputs);
  return {
    inputs,
    outputs: outputs.map(({ name, type, shape }, i) => {
      const value = plan.names[plan.outputs[i] as number] as string;
      return { name, type, shape, ...(value !== name && { value }) };
    }),
    constants: reader.constants,
    nodes,
  };
}

/** The description with other layers in its nodes, and constants of its own. */
export function withLayers(
  description: GraphDescription,
  layerOf: (layer: Layer, name: string) => Layer,
): GraphDescription {
  const nodesOf = (nodes: readonly NodeDescription[]): NodeDescription[] =>
    nodes.map((node) => ({
      ...node,
      attributes: new Map(
        Array.from(
          node.attributes,
          ([key, value]): [string, AttributeValue] => {
            if (typeof value !== "object") return [key, value];
            if (isBody(value))
              return [key, { ...value, nodes: nodesOf(value.nodes) }];
            if ("stateDict" in value)
              return [key, layerOf(value, calledBy(node))];
            return [key, value];
          },
        ),
      ),
    }));
  const constants = new Map(
    Array.from(description.constants, ([name, value]): [string, Value] => [
      name,
      { ...value, data: value.data.slice() },
    ]),
  );
  return { ...description, constants, nodes: nodesOf(description.nodes) };
}

class PlanReader {
  readonly constants = new Map<string, Value>();
  readonly #plan: Plan;
  readonly #names: ReadonlySet<string>;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#names = new Set(plan.names);
  }

  nodes(steps: readonly Step[]): NodeDescription[] {
    return steps.map(({ node, stated, outputs }) => ({
      type: node.type,
      name: node.name,
      inputs: stated.map((slot, i) => this.#input(slot, node, i)),
      outputs: this.#namesOf(outputs),
      attributes: new Map(
        node.attributes.map(([key, value]): [string, AttributeValue] => [
          key,
          typeof value === "object" && isBody(value)
            ? this.#body(node.bodies.get(key) as Body)
            : value,
        ]),
      ),
    }));
  }

  /** Adds constants for those slots whose values are known. */
  addKnown(slots: readonly number[]): void {
    for (const slot of slots) {
      const value = this.#plan.constants[slot];
      if (value) this.#constant(this.#plan.names[slot] as string, value);
    }
  }

  #body({ inputs, outputs, steps }: Body): BodyDescription {
    this.addKnown(outputs);
    return {
      inputs: this.#namesOf(inputs),
      outputs: this.#namesOf(outputs),
      constants: new Map(),
      nodes: this.nodes(steps),
    };
  }

  /** The input's name; its value, where it is known, goes to the constants. */
  #input(slot: number, node: Node, index: number): string {
    if (slot < 0) return "";
    const name = this.#plan.names[slot] as string;
    const value = node.absorbed(index) ?? this.#plan.constants[slot];
    return value ? this.#constant(name, value) : name;
  }

  /** The name that it has: another one where a node that shares the constant has other numbers of it, rounded ones. */
  #constant(given: string, value: Value): string {
    let name = given;
    for (;;) {
      const found = this.constants.get(name);
      if (found && sameValue(found, value)) return name;
      if (!found && (name === given || !this.#names.has(name))) break;
      name += "~";
    }
    this.constants.set(name, value);
    return name;
  }

  #namesOf(slots: readonly number[]): string[] {
    return slots.map((slot) =>
      slot < 0 ? "" : (this.#plan.names[slot] as string),
    );
  }
}

function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  return (
    sameNumbers(a.data, b.data) &&
    !a.scaled === !b.scaled &&
    (!a.scaled || !b.scaled || sameNumbers(a.scaled.scales, b.scaled.scales))
  );
}

const sameNumbers = (a: Numbers, b: Numbers): boolean =>
  a === b ||
  (a.length === b.length && a.every((value, i) => Object.is(value, b[i])));
