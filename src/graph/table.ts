import type { Recognise } from "./cells/recognise.js";
import type { NodeDescription } from "./description.js";
import type { Compile } from "./node.js";
import type { Scope } from "./scope.js";

/** What a graph may be made of: operations by the types of their nodes. A reader brings those that it writes. */
export type Operations = ReadonlyMap<string, OperationType>;

/** The node as it is planned, in its scope; `known` is given names that its body then finds around it. */
export type Rewrite = (
  node: NodeDescription,
  scope: Scope,
  known: Map<string, number>,
) => NodeDescription;

export interface OperationType {
  readonly compile: Compile;
  /** How many outputs a node has at most. */
  readonly outputs: number;
  /** Its work is in proportion to its numbers: where all inputs are constant, it is computed at load. */
  readonly foldable: boolean;
  /** Its outputs have numbers of its inputs and no others. */
  readonly moves: boolean;
  /** Whether it takes lists of tensors. */
  readonly lists: boolean;
  /** Finds out which Loops are this operation. */
  readonly recognise: Recognise | null;
  /** What is made of its nodes first. */
  readonly rewrite: Rewrite | null;
}

/** The operations of one file. */
export interface Family {
  readonly operations: Readonly<Record<string, Compile>>;
  readonly foldable?: boolean;
  readonly moves?: boolean;
  /** Of those that may have several outputs: how many. */
  readonly outputs?: Readonly<Record<string, number>>;
  /** Of those that take lists of tensors: which. */
  readonly lists?: readonly string[];
  readonly recognise?: Recognise;
  readonly rewrites?: Readonly<Record<string, Rewrite>>;
}

export function operationsOf(...families: readonly Family[]): Operations {
  const table = new Map<string, OperationType>();
  for (const family of families) {
    const { operations, outputs = {}, lists = [], recognise } = family;
    const { rewrites = {} } = family;
    const { foldable = false, moves = false } = family;
    for (const [type, compile] of Object.entries(operations))
      table.set(type, {
        compile,
        outputs: outputs[type] ?? 1,
        foldable,
        moves,
        lists: lists.includes(type),
        recognise: recognise ?? null,
        rewrite: rewrites[type] ?? null,
      });
  }
  return table;
}
