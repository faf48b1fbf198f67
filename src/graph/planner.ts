import { FormatError } from "../errors.js";
import type { Recognised } from "./cells/recognise.js";
import {
  type BodyDescription,
  type GraphDescription,
  isBody,
  type NodeDescription,
} from "./description.js";
import {
  type Body,
  Node,
  placeOf,
  precisionOf,
  type StepRun,
  type Setting,
  type Values,
} from "./node.js";
import { type Plan, usedAlone, withFrees } from "./plan.js";
import { FREE, runsOf } from "./runs.js";
import { checkNew, Scope, slotOf } from "./scope.js";
import type { Operations } from "./table.js";
import { type Scaled, TooLarge, type Value } from "./value.js";

/** Makes the plan of a graph: checks that it is one, compiles its nodes, computes what is constant. */
export class Planner {
  readonly #operations: Operations;
  readonly #setting: Setting;
  readonly #names: string[] = [];
  readonly #taken = new Set<string>();
  readonly #constants: (Value | undefined)[] = [];
  /** What is expanded, by where its result lies. */
  readonly #expanded = new Map<number, number>();

  constructor(operations: Operations, setting: Setting) {
    this.#operations = operations;
    this.#setting = setting;
  }

  /** @throws FormatError naming the place; every operation has been found to be known */
  plan({ inputs, outputs, constants, nodes }: GraphDescription): Plan {
    const scope = new Scope(null, 0);
    const given = inputs.map(({ name }) =>
      this.#define(name, scope, `input ${JSON.stringify(name)}`),
    );
    this.#fill(scope, constants, nodes);
    const kept = outputs.map(({ name, value = name }) =>
      slotOf(value, scope, "outputs"),
    );
    const steps = withFrees(scope.steps, this.#constants, [...kept, ...given]);
    return {
      steps,
      inputs: given,
      outputs: kept,
      captures: [],
      names: this.#names,
      constants: usedAlone(this.#constants, steps, kept),
    };
  }

  #fill(
    scope: Scope,
    constants: ReadonlyMap<string, Value>,
    nodes: readonly NodeDescription[],
  ): void {
    for (const [name, value] of constants) {
      const place = `initializer ${JSON.stringify(name)}`;
      this.#constants[this.#define(name, scope, place)] = value;
    }
    for (const node of nodes) this.#add(node, scope);
  }

  /** `known`: names of the body that are values around it. */
  #body(
    description: BodyDescription,
    around: Scope,
    place: string,
    known: ReadonlyMap<string, number>,
  ): Body {
    const scope = new Scope(around, this.#names.length);
    for (const [name, slot] of known) scope.set(name, slot);
    const inputs = description.inputs.map((name) =>
      this.#define(name, scope, place),
    );
    this.#fill(scope, description.constants, description.nodes);
    const outputs = description.outputs.map((name) =>
      slotOf(name, scope, place),
    );
    const read = scope.steps.flatMap((step) => [
      ...step.inputs,
      ...step.captures,
    ]);
    const captures = new Set(
      [...read, ...outputs].filter((slot) => slot >= 0 && slot < scope.first),
    );
    const kept = [...inputs, ...outputs];
    const steps = withFrees(scope.steps, this.#constants, kept, scope.first);
    return { steps, inputs, outputs, captures: [...captures] };
  }

  #define(name: string, scope: Scope, place: string): number {
    checkNew(name, scope, place);
    const slot = this.#names.length;
    const unique = this.#taken.has(name) ? `${name}~${slot}` : name;
    this.#taken.add(unique);
    this.#names.push(unique);
    scope.set(name, slot);
    return slot;
  }

  #add(given: NodeDescription, scope: Scope): void {
    const known = new Map<string, number>();
    const rewrite = this.#operations.get(given.type)?.rewrite;
    let description = rewrite?.(given, scope, known) ?? given;
    const place = placeOf(given.name, given.type);
    let inputs: readonly number[] = description.inputs.map((input) =>
      input === "" ? -1 : slotOf(input, scope, place),
    );
    const cell =
      given.type === "Loop"
        ? this.#recognised(description, inputs, scope, known)
        : null;
    if (cell) {
      inputs = cell.slots;
      description = {
        ...description,
        type: "CellLoop",
        inputs: inputs.map((slot) => this.#names[slot] ?? ""),
        attributes: cell.attributes,
      };
    }
    const { type, outputs } = description;
    const constants = inputs.map((slot) => this.#constants[slot] ?? null);
    if (
      type === "If" &&
      constants[0] &&
      this.#inline(description, constants[0], scope)
    )
      return;
    const operation = this.#operations.get(type);
    const most = operation?.outputs ?? 1;
    if (outputs.length > most)
      throw new FormatError(
        `expected at most ${most} outputs, got ${outputs.length}`,
        place,
      );
    const node = new Node(description, this.#setting, constants, (body, at) =>
      this.#body(body, scope, at, known),
    );
    if (!operation) throw node.error("expected a known operation, got none");
    const runs = runsOf(
      node,
      atLoad(() => operation.compile(node)),
      operation.lists,
    );
    for (const unread of node.unread())
      this.#setting.notes.ignored.push(`${place}: attribute ${unread}`);
    const folded = operation.foldable
      ? this.#fold(node, runs, inputs, constants, operation.moves)
      : null;
    const slots = outputs.map((output, i) => {
      if (output === "") return -1;
      const slot = this.#define(output, scope, place);
      const value = folded?.[i];
      if (value) this.#constants[slot] = value;
      return slot;
    });
    node.forget();
    if (folded) return;
    const read = inputs.map((slot, i) => (node.hasAbsorbed(i) ? -1 : slot));
    if (type === "Expand") this.#expanded.set(slots[0] ?? -1, inputs[0] ?? -1);
    const captures = [...node.bodies.values()].flatMap((body) => body.captures);
    scope.steps.push({
      node,
      runs,
      inputs: read,
      stated: inputs,
      outputs: slots,
      captures,
      values: inputs.map(() => null),
    });
  }

  /** The recurrent cell that a Loop is. */
  #recognised(
    description: NodeDescription,
    slots: readonly number[],
    scope: Scope,
    known: ReadonlyMap<string, number>,
  ): Recognised | null {
    const recognise = this.#operations.get("CellLoop")?.recognise;
    if (!recognise) return null;
    const constants = slots.map((slot) => this.#constants[slot] ?? null);
    const find = (name: string) => {
      const slot = known.get(name) ?? scope.find(name);
      if (slot === undefined) return null;
      const value = this.#constants[slot] ?? null;
      return { slot, value, ones: this.#areOnes(slot) };
    };
    const precision = precisionOf(description, this.#setting);
    const setting = { ...this.#setting, precision };
    return recognise(description, slots, constants, { find }, setting);
  }

  /** Whether a value is an Expand of a 1. */
  #areOnes(slot: number): boolean {
    const data = this.#constants[this.#expanded.get(slot) ?? -1]?.data;
    return data?.length === 1 && data[0] === 1;
  }

  /** Puts the branch in place of an If whose condition is known; false where the file's If is none. */
  #inline(
    { name, type, attributes, outputs }: NodeDescription,
    condition: Value,
    scope: Scope,
  ): boolean {
    const key = condition.data[0] ? "then_branch" : "else_branch";
    const branch = attributes.get(key);
    const fits =
      typeof branch === "object" &&
      isBody(branch) &&
      condition.data.length === 1 &&
      branch.outputs.length >= outputs.length &&
      !branch.inputs.length;
    if (!fits) return false;
    const place = placeOf(name, type);
    const inside = new Scope(scope, scope.first, scope.steps);
    this.#fill(inside, branch.constants, branch.nodes);
    outputs.forEach((output, i) => {
      if (output === "") return;
      checkNew(output, scope, place);
      scope.set(output, slotOf(branch.outputs[i] as string, inside, place));
    });
    return true;
  }

  /** The node's results when all its inputs are known and the work is small, else null. */
  #fold(
    node: Node,
    runs: StepRun,
    inputs: readonly number[],
    constants: readonly (Value | null)[],
    moves: boolean,
  ): readonly (Value | null)[] | null {
    if (!inputs.every((slot, i) => slot < 0 || constants[i])) return null;
    const { work } = this.#setting;
    let count = 1;
    for (const value of constants) count += value?.data.length ?? 0;
    if (!work.take(count)) return null;
    node.most = work.left;
    try {
      const results = atLoad(() => run(runs, constants));
      for (const value of results) work.spend(value?.data.length ?? 0);
      return moves ? withScaled(runs, constants, results) : results;
    } catch (error) {
      if (error instanceof TooLarge) return null;
      throw error;
    } finally {
      node.most = this.#setting.most;
      runs.forget();
    }
  }
}

const run = (runs: StepRun, inputs: Values): Values =>
  runs.run(inputs, { slots: [], meter: FREE, trace: null });

/** What a node that moves numbers made, with the integers moved alike that the numbers were in the file. */
function withScaled(runs: StepRun, inputs: Values, results: Values): Values {
  const floats = inputs.filter((value) => value?.dtype === "float32");
  if (!floats.length || !floats.every((value) => value?.scaled)) return results;
  const moved = (part: keyof Scaled): Values => {
    runs.forget();
    return run(
      runs,
      inputs.map((value) =>
        value?.scaled ? { ...value, data: value.scaled[part] } : value,
      ),
    );
  };
  const [integers, scales] = [moved("integers"), moved("scales")];
  const of = (values: Values, i: number) => (values[i] as Value).data;
  return results.map((value, i) =>
    value?.dtype === "float32"
      ? {
          ...value,
          scaled: { integers: of(integers, i), scales: of(scales, i) },
        }
      : value,
  );
}

/** What nodes say of values in the file is said of the file. */
function atLoad<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof TooLarge) throw error;
    if (error instanceof RangeError || error instanceof TypeError)
      throw new FormatError(error.message);
    throw error;
  }
}
