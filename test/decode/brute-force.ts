/** Every path and every sequence, counted out: what the searches are held to. */

export const logSoftmaxed = (row: ArrayLike<number>): number[] => {
  const most = Math.max(...Array.from(row));
  const powers = Array.from(row, (x) => Math.exp(x - most));
  const total = powers.reduce((sum, p) => sum + p, 0);
  return powers.map((p) => Math.log(p / total));
};

/** All lists of `length` numbers below `size`. */
export function* lists(size: number, length: number): Generator<number[]> {
  if (!length) {
    yield [];
    return;
  }
  for (const rest of lists(size, length - 1))
    for (let i = 0; i < size; i++) yield [...rest, i];
}

/** What a path reads: repeats merged, then blanks dropped. */
export const reads = (path: readonly number[], blank: number): number[] =>
  path.filter((label, t) => label !== blank && label !== path[t - 1]);

/** The log-probability of each labelling, by its labels as text: the sum over its paths; and its likeliest path. */
export function labellings(
  rows: readonly (readonly number[])[],
  blank: number,
): Map<string, { sum: number; best: number; path: number[] }> {
  const found = new Map<
    string,
    { sum: number; best: number; path: number[] }
  >();
  const logs = rows.map(logSoftmaxed);
  for (const path of lists(rows[0]!.length, rows.length)) {
    const score = path.reduce((sum, c, t) => sum + logs[t]![c]!, 0);
    const key = reads(path, blank).join(" ");
    const old = found.get(key) ?? { sum: -Infinity, best: -Infinity, path };
    found.set(key, {
      sum: Math.log(Math.exp(old.sum) + Math.exp(score)),
      best: Math.max(old.best, score),
      path: score > old.best ? path : old.path,
    });
  }
  return found;
}
