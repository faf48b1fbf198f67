/*
 * Convolutions whose kernels are waves, as those of a Fourier transform in front of a network (STFT): with a quarter of the
 * multiplications.
 *
 *     cosines    w[K - k] =  w[k]      Σ w[k] x[k] = w[0] x[0] + Σ w[k] (x[k] + x[K - k]) + w[K/2] x[K/2]     k < K/2
 *     sines      w[K - k] = -w[k]                                        -
 *
 * and two of them whose weights differ in the sign of every second one are E + O and E - O, E the sum over even k and O that
 * over odd ones. Only what holds to the bit counts.
 */
import type {
  CombinedRow,
  PlanesFolds,
  PlanesPass,
} from "../../layers/arrays.js";

export interface Folded {
  readonly passes: readonly PlanesPass[];
  readonly folds: PlanesFolds;
}

/** Fewer weights gain nothing; to look for pairs among more outputs takes too long. */
const FEWEST = 16;
const MOST = 2 ** 10;

interface Pair {
  readonly output: number;
  /** The output that is E - O, or O - E. */
  readonly other: number | null;
  readonly negated: boolean;
}

/**
 * Of weights [M, K] without bias; null where they are no waves.
 *
 * @param places where each k is in x, for a row of outputs
 * @param count numbers of a row
 */
export function foldsOf(
  weights: Float32Array,
  M: number,
  places: readonly number[],
  count: number,
): Folded | null {
  const K = places.length;
  if (K < FEWEST || K % 4 || M < 4 || M > MOST) return null;
  const at = (m: number, k: number) => weights[m * K + k] as number;
  const [cosines, sines]: [number[], number[]] = [[], []];
  for (let m = 0; m < M; m++) {
    const is = (sign: number) => {
      for (let k = 1; k <= K / 2; k++)
        if (at(m, K - k) !== sign * at(m, k)) return false;
      return true;
    };
    if (is(1)) cosines.push(m);
    else if (is(-1)) sines.push(m);
    else return null;
  }
  const width = Math.ceil(count / 4) * 4;
  const half = K / 2;
  // x[0], x[K/2], then the sums and the differences
  const inputs: CombinedRow[] = [];
  const row = (k: number, sign: 1 | -1 | 0) => {
    const to = inputs.length * width;
    const b = (sign ? places[K - k] : places[k]) as number;
    inputs.push({ to, a: places[k] as number, b, sign });
    return to;
  };
  const [first, middle] = [row(0, 0), row(half, 0)];
  const passes: PlanesPass[] = [];
  const outputs: CombinedRow[] = [];
  let sums = 0;
  for (const [list, sign] of [
    [cosines, 1],
    [sines, -1],
  ] as const) {
    const taps = Array.from({ length: half + 1 }, (_, k) =>
      k === 0 ? first : k === half ? middle : row(k, sign),
    );
    const pairs = pairsOf(list, at, half);
    const ends = [0, 1].map((parity) => {
      const own = taps.flatMap((to, k) => (k % 2 === parity ? [[to, k]] : []));
      passes.push({
        outputs: pairs.length,
        taps: own.map(([to]) => to as number),
        weights: Float32Array.from(
          pairs.flatMap(({ output }) =>
            own.map(([, k]) => at(output, k as number)),
          ),
        ),
        bias: new Float32Array(pairs.length),
        starts: [0],
        count,
      });
      const begin = sums;
      sums += pairs.length * width;
      return begin;
    }) as [number, number];
    pairs.forEach(({ output, other, negated }, i) => {
      const [e, o] = ends.map((begin) => begin + i * width) as [number, number];
      outputs.push({ to: output * width, a: e, b: o, sign: 1 });
      if (other === null) return;
      const [a, b] = negated ? [o, e] : [e, o];
      outputs.push({ to: other * width, a, b, sign: -1 });
    });
  }
  return { passes, folds: { width, inputs, outputs } };
}

/** Each output with the one whose weights are its own but for the sign of every second one. */
function pairsOf(
  list: readonly number[],
  at: (m: number, k: number) => number,
  half: number,
): Pair[] {
  const left = new Set(list);
  const pairs: Pair[] = [];
  for (const output of list) {
    if (!left.delete(output)) continue;
    const isOther = (m: number, even: number) => {
      for (let k = 0; k <= half; k++)
        if (at(m, k) !== (k % 2 ? -even : even) * at(output, k)) return false;
      return true;
    };
    let pair: Pair = { output, other: null, negated: false };
    for (const other of left) {
      const negated = !isOther(other, 1);
      if (negated && !isOther(other, -1)) continue;
      pair = { output, other, negated };
      left.delete(other);
      break;
    }
    pairs.push(pair);
  }
  return pairs;
}
