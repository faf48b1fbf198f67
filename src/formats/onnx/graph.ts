import { FormatError } from "../../errors.js";
import type { GraphProto, NodeProto } from "./messages.js";
import { Node, placeOf, type Run, type Setting } from "./node.js";
import { isFoldable, mostOutputs, NODES } from "./nodes/index.js";
import { valueOf } from "./tensors.js";
import { MOST_NUMBERS, TooLarge, type Value } from "./value.js";

/** A node ready to run: its inputs and outputs by slot, -1 for those left out. */
interface Step {
  readonly node: Node;
  readonly run: Run;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Slots that nobody reads after it. */
  readonly frees: readonly number[];
}

/** The steps of a model over numbered slots, one a name. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Values known at load, by slot; undefined elsewhere. */
  readonly constants: readonly (Value | undefined)[];
  readonly slots: ReadonlyMap<string, number>;
}

/** Runs the plan on the values in `slots`, which it fills: the outputs are in it afterwards. */
export function runPlan(plan: Plan, slots: (Value | undefined)[]): void {
  for (const { run, inputs, outputs, frees } of plan.steps) {
    const values: (Value | null)[] = [];
    for (const slot of inputs) values.push(slots[slot] ?? null);
    const results = run(values);
    for (let i = 0; i < outputs.length; i++) {
      const slot = outputs[i] as number;
      if (slot >= 0) slots[slot] = results[i] as Value;
    }
    for (const slot of frees) slots[slot] = undefined;
  }
}

/** Makes the plan of a graph: checks that it is one, compiles its nodes, computes what is constant. */
export class Planner {
  readonly #setting: Setting;
  readonly #slots = new Map<string, number>();
  readonly #constants: (Value | undefined)[] = [];
  readonly #steps: Omit<Step, "frees">[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** `variables`: the names of the graph's inputs; an initializer of such a name is no constant. */
  plan(graph: GraphProto, variables: readonly string[]): Plan {
    refuseUnknown(graph.nodes);
    const given = new Set(variables);
    for (const name of variables) this.#define(name, `input "${name}"`);
    for (const tensor of graph.initializers) {
      const place = `initializer ${JSON.stringify(tensor.name)}`;
      if (given.has(tensor.name)) continue;
      const value = valueOf(tensor, place, this.#setting.files);
      this.#setting.work.found(value.data.length);
      this.#constants[this.#define(tensor.name, place)] = value;
    }
    for (const node of graph.nodes) this.#add(node);
    const kept = graph.outputs.map(({ name }) => this.#slotOf(name, "outputs"));
    const steps = withFrees(this.#steps, this.#constants, kept);
    return {
      steps,
      constants: usedAlone(this.#constants, steps, kept),
      slots: this.#slots,
    };
  }

  #define(name: string, place: string): number {
    if (name === "" || this.#slots.has(name)) {
      const got = name === "" ? "none" : `${JSON.stringify(name)} again`;
      throw new FormatError(`expected a name of its own, got ${got}`, place);
    }
    const slot = this.#slots.size;
    this.#slots.set(name, slot);
    return slot;
  }

  #slotOf(name: string, place: string): number {
    const slot = this.#slots.get(name);
    if (slot !== undefined) return slot;
    throw new FormatError(
      `expected a value that comes before, got ${JSON.stringify(name)}`,
      place,
    );
  }

  #add(proto: NodeProto): void {
    const place = placeOf(proto.name, proto.type);
    const inputs = proto.inputs.map((name) =>
      name === "" ? -1 : this.#slotOf(name, place),
    );
    const constants = inputs.map((slot) => this.#constants[slot] ?? null);
    if (proto.outputs.length > mostOutputs(proto.type))
      throw new FormatError(
        `expected at most ${mostOutputs(proto.type)} outputs, got ${proto.outputs.length}`,
        place,
      );
    const node = new Node(proto, this.#setting, constants);
    const compile = NODES.get(proto.type) as (node: Node) => Run;
    const run = atLoad(() => compile(node));
    for (const name of node.unread())
      this.#setting.ignored.push(`${place}: attribute ${name}`);
    const folded = this.#fold(node, run, inputs, constants);
    const outputs = proto.outputs.map((name, i) => {
      if (name === "") return -1;
      const slot = this.#define(name, place);
      const value = folded?.[i];
      if (value) this.#constants[slot] = value;
      return slot;
    });
    node.forget();
    if (folded) return;
    const read = inputs.map((slot, i) => (node.hasAbsorbed(i) ? -1 : slot));
    this.#steps.push({ node, run, inputs: read, outputs });
  }

  /** The node's results when all its inputs are known and the work is small, else null. */
  #fold(
    node: Node,
    run: Run,
    inputs: readonly number[],
    constants: readonly (Value | null)[],
  ): readonly (Value | null)[] | null {
    if (!isFoldable(node.type)) return null;
    if (!inputs.every((slot, i) => slot < 0 || constants[i])) return null;
    const { work } = this.#setting;
    let count = 1;
    for (const value of constants) count += value?.data.length ?? 0;
    if (!work.take(count)) return null;
    node.most = work.left;
    try {
      const results = atLoad(() => run(constants));
      for (const value of results) work.spend(value?.data.length ?? 0);
      return results;
    } catch (error) {
      if (error instanceof TooLarge) return null;
      throw error;
    } finally {
      node.most = MOST_NUMBERS;
    }
  }
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

function refuseUnknown(nodes: readonly NodeProto[]): void {
  const unknown = nodes.filter(
    ({ type, domain }) => !NODES.has(type) || !isStandard(domain),
  );
  const [first] = unknown;
  if (!first) return;
  const typeOf = ({ type, domain }: NodeProto) =>
    isStandard(domain) ? type : `${domain}.${type}`;
  const types = new Set(unknown.map(typeOf));
  types.delete(typeOf(first));
  const others = types.size
    ? ` (nor are ${[...types].slice(0, 20).join(", ")})`
    : "";
  throw new FormatError(
    `not supported${others}; supported are ${[...NODES.keys()].join(", ")}`,
    placeOf(first.name, typeOf(first)),
  );
}

export function isStandard(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}

/** Adds to each step the slots whose last reader it is. */
function withFrees(
  steps: readonly Omit<Step, "frees">[],
  constants: readonly (Value | undefined)[],
  kept: readonly number[],
): Step[] {
  const seen = new Set(kept);
  const reversed = [...steps].reverse().map((step) => {
    const frees = new Set<number>();
    for (const slot of [...step.inputs, ...step.outputs]) {
      if (slot < 0 || seen.has(slot) || constants[slot]) continue;
      seen.add(slot);
      frees.add(slot);
    }
    return { ...step, frees: [...frees] };
  });
  return reversed.reverse();
}

/** The constants that a step or an output reads; the others were for load alone. */
function usedAlone(
  constants: readonly (Value | undefined)[],
  steps: readonly Step[],
  kept: readonly number[],
): (Value | undefined)[] {
  const used = new Set([...kept, ...steps.flatMap(({ inputs }) => inputs)]);
  return Array.from(constants, (value, slot) =>
    used.has(slot) ? value : undefined,
  );
}
