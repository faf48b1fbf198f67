/** Rows that are run together: gradients of 8 rows each are added in order, whoever computes them. */
export const SHARD = 8;

/** What a tape may take unless options say otherwise. */
export const TAPE_BYTES = 2 ** 28;
