import type { Recognise } from "./cells/recognise.js";
import type { Compile } from "./node.js";

/** What a graph may be made of: operations by the types of their nodes. A reader brings those that it writes. */
export type Operations = ReadonlyMap<string, OperationType>;

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
}

export function operationsOf(...families: readonly Family[]): Operations {
  const table = new Map<string, OperationType>();
  for (const family of families) {
    const { operations, outputs = {}, lists = [], recognise } = family;
    const { foldable = false, moves = false } = family;
    for (const [type, compile] of Object.entries(operations))
      table.set(type, {
        compile,
        outputs: outputs[type] ?? 1,
        foldable,
        moves,
        lists: lists.includes(type),
        recognise: recognise ?? null,
      });
  }
  return table;
}
