import type { Graph } from "../graph/index.js";
import type { Layer } from "../layers/layer.js";

/** The matrices of a node, or of all nodes of one name. */
export interface Matrices {
  /** Its operation: "Conv". */
  readonly type: string;
  readonly layers: Layer[];
  /** The names of what it makes. */
  readonly outputs: Set<string>;
}

type Steps = Graph["compiled"]["plan"]["steps"];

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
        };
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

/** "LSTM(40 → 64, int8)"; of a product with its operation: "Conv: 4 × Linear(48 → 32, int8)". */
export function textOf({ type, layers }: Matrices): string {
  const [first] = layers as [Layer];
  const count = layers.length > 1 ? `${layers.length} × ` : "";
  const named = type === "Layer" || type === first.type;
  return `${named ? "" : `${type}: `}${count}${first}`;
}
