/*
 * The positions of characters. CTC shows at which steps the network recognised one, which may be anywhere on it; the ink
 * shows where it begins and ends.
 */

/** A character, and the columns at which the network recognised it. */
export interface Seen {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Columns {
  readonly left: number;
  readonly right: number;
}

/**
 * The columns of each character: its ink, up to the column with the least ink before the next. Spaces get what is between
 * their neighbours.
 *
 * @param sums the ink of each column
 */
export function boxesOf(
  characters: readonly Seen[],
  sums: readonly number[],
): Columns[] {
  const inked = characters.filter(({ text }) => text.trim());
  const borders = inked.map((next, i) => {
    const before = inked[i - 1];
    return before ? border(before, next, sums) : 0;
  });
  const boxes = new Map<Seen, Columns>();
  inked.forEach((character, i) => {
    const left = borders[i] as number;
    const right = borders[i + 1] ?? sums.length;
    boxes.set(character, tightened(left, Math.max(left, right), sums));
  });
  return characters.map((character, i) => {
    const own = boxes.get(character);
    if (own) return own;
    // adjacent spaces share the gap
    let first = i;
    while (first && !boxes.has(characters[first - 1] as Seen)) first--;
    let last = i;
    while (
      last + 1 < characters.length &&
      !boxes.has(characters[last + 1] as Seen)
    )
      last++;
    const left = boxes.get(characters[first - 1] as Seen)?.right ?? 0;
    const right = boxes.get(characters[last + 1] as Seen)?.left ?? sums.length;
    const share = Math.max(0, right - left) / (last - first + 1);
    return {
      left: Math.round(left + share * (i - first)),
      right: Math.round(left + share * (i - first + 1)),
    };
  });
}

/** The column of least ink from the middle of one character to the end of the next; of equals, the most central. */
function border(before: Seen, next: Seen, sums: readonly number[]): number {
  const half = (before.end + next.start) / 2;
  const from = Math.max(0, Math.floor((before.start + before.end) / 2));
  const to = Math.min(sums.length, Math.ceil(next.end));
  let best = Math.min(Math.round(half), sums.length);
  let least = Number.POSITIVE_INFINITY;
  for (let x = from; x < to; x++) {
    const ink = sums[x] as number;
    const nearer = Math.abs(x - half) < Math.abs(best - half);
    if (ink > least || (ink === least && !nearer)) continue;
    least = ink;
    best = x;
  }
  return best;
}

/** From the first to the last column with ink; everything if there is none. */
function tightened(from: number, to: number, sums: readonly number[]): Columns {
  let [left, right] = [from, to];
  while (left < right && !sums[left]) left++;
  while (right > left && !sums[right - 1]) right--;
  return left < right ? { left, right } : { left: from, right: to };
}
