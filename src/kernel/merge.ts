/** How the outputs of two directions are merged. */
export const MERGE_MODES = ["concat", "sum", "mul", "ave"] as const;
/** 'concat': side by side, 2·O; 'sum', 'mul', 'ave': element by element, O. */
export type MergeMode = (typeof MERGE_MODES)[number];

/** Merges a forward and a reverse output. */
export type Merge = (forward: number, reverse: number) => number;

/** concat has nothing to compute. */
export const MERGES: Readonly<Record<MergeMode, Merge | null>> = {
  concat: null,
  sum: (forward, reverse) => forward + reverse,
  mul: (forward, reverse) => forward * reverse,
  ave: (forward, reverse) => (forward + reverse) / 2,
};
