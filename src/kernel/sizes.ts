/** Rows of a panel: outputs whose sums are made together. */
export const PANEL = 16;

/** Groups of four units, as many as a register has lanes. */
export const quadsOf = (size: number): number => Math.ceil(size / 4);

/** Floats that `size` units take: whole quads. */
export const lanesOf = (size: number): number => quadsOf(size) * 4;

/** Panels that hold `rows` rows. */
export const panelsOf = (rows: number): number => Math.ceil(rows / PANEL);

/**
 * The kernel reads and writes four floats at a time. Not (bytes + 15) & ~15, which is of 32 bits: beyond 2 GiB it comes
 * back small or negative, and what the memory would have refused it then lays over the weights.
 */
export const align = (bytes: number): number => Math.ceil(bytes / 16) * 16;
