import type { Graph } from "../graph/index.js";
import type { Layer } from "../layers/layer.js";

/** The matrices of a node, or of all nodes of one name. */
export interface Matrices {
  /** Its operation: "Conv". */
  readonly type: string;
  readonly layers: Layer[];
  /** The names of what it makes. */
  readonly outputs: Set<string>;
  /** Of a product without a bias: what an Add behind it adds to all of its rows. */
  bias: Float32Array | null;
}

type Plan = Graph["compiled"]["plan"];
type Steps = Plan["steps"];

/** Nodes with matrices that are known at load, those in bodies too, by their names, in order. */
export function matricesOf({ compiled }: Graph): Map<string, Matrices> {
  const found = new Map<string, Matrices>();
  const visit = (steps: Steps): void => {
    for (const { node, outputs } of steps) {
      if (node.layers.length) {
        const { type } = node;
        const own = found.get(node.called) ?? {
          type,
          layers: [],
          outputs: new Set<string>(),
          bias: biasBehind(compiled.plan, steps, node, outputs[0] as number),
        };
        if (found.has(node.called)) own.bias = null;
        found.set(node.called, own);
        own.layers.push(...node.layers);
        for (const slot of outputs)
          if (slot >= 0) own.outputs.add(compiled.plan.names[slot] as string);
      }
      for (const { steps: inner } of node.bodies.values()) visit(inner);
    }
  };
  visit(compiled.plan.steps);
  return found;
}

/** The constant row of the one Add that reads a product, where nothing else reads either; null of others. */
function biasBehind(
  plan: Plan,
  steps: Steps,
  { layers }: Steps[number]["node"],
  product: number,
): Float32Array | null {
  const [layer] = layers;
  if (layers.length !== 1 || layer?.type !== "Linear") return null;
  const add = steps.find(({ inputs }) => inputs.includes(product));
  if (add?.node.type !== "Add") return null;
  const other = add.inputs.find((slot) => slot !== product);
  if (other === undefined) return null;
  const read = [...readIn(plan)].filter((slot) =>
    [product, other].includes(slot),
  );
  const value = plan.constants[other];
  const isRow =
    value?.dtype === "float32" &&
    value.data.length === layer.outputSize &&
    value.shape.at(-1) === layer.outputSize;
  return isRow && read.length === 2 ? (value.data as Float32Array) : null;
}

/** Every slot that something reads, as often as it is read. */
function* readIn({
  steps,
  outputs,
}: {
  readonly steps: Steps;
  readonly outputs: readonly number[];
}): Generator<number> {
  yield* outputs;
  for (const { inputs, node } of steps) {
    yield* inputs;
    for (const body of node.bodies.values()) yield* readIn(body);
  }
}

/** "LSTM(40 → 64, int8)"; of a product with its operation: "Conv: 4 × Linear(48 → 32, int8)". */
export function textOf({ type, layers }: Matrices): string {
  const [first] = layers as [Layer];
  const count = layers.length > 1 ? `${layers.length} × ` : "";
  const named = type === "Layer" || type === first.type;
  return `${named ? "" : `${type}: `}${count}${first}`;
}
