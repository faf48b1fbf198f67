/**
 * Shuffles as Python's `random.seed(seed); random.shuffle(list)` does, so that a program here holds out the words that a
 * program there held out: the Mersenne Twister (Matsumoto and Nishimura 1998), and Fisher and Yates.
 *
 * @template T
 * @param {T[]} list in place
 * @param {number} seed less than 2³²
 */
export function shuffledAsPython(list, seed) {
  const random = twister(seed);
  /** An integer from 0 to less than n: as many bits as it may have, until they are few enough. */
  const below = (/** @type {number} */ n) => {
    for (;;) {
      const value = random() >>> Math.clz32(n);
      if (value < n) return value;
    }
  };
  for (let i = list.length - 1; i > 0; i--) {
    const other = below(i + 1);
    [list[i], list[other]] = [list[other], list[i]];
  }
  return list;
}

const N = 624;
const M = 397;

/** @param {number} seed */
function twister(seed) {
  const state = new Uint32Array(N);
  const mixed = (/** @type {number} */ i) =>
    state[i - 1] ^ (state[i - 1] >>> 30);
  state[0] = 19650218;
  for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, mixed(i)) + i;
  // init_by_array of the one number
  let i = 1;
  const next = () => {
    if (++i < N) return;
    state[0] = state[N - 1];
    i = 1;
  };
  for (let k = 0; k < N; k++, next())
    state[i] = (state[i] ^ Math.imul(mixed(i), 1664525)) + seed;
  for (let k = 1; k < N; k++, next())
    state[i] = (state[i] ^ Math.imul(mixed(i), 1566083941)) - i;
  state[0] = 0x80000000;
  let at = N;
  return () => {
    if (at === N) {
      for (let k = 0; k < N; k++) {
        const y = (state[k] & 0x80000000) | (state[(k + 1) % N] & 0x7fffffff);
        state[k] = state[(k + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}
