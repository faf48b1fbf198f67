/** Microseconds of a call: the least mean of several rounds of at least `least` ms. The clock of pages is coarse. */
export function microseconds(call: () => void, least = 8, rounds = 3): number {
  call();
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    let count = 1;
    for (;;) {
      const started = performance.now();
      for (let i = 0; i < count; i++) call();
      const took = performance.now() - started;
      if (took >= least) {
        best = Math.min(best, (1000 * took) / count);
        break;
      }
      count *= took > 1 ? Math.ceil((1.2 * least) / took) : 4;
    }
  }
  return best;
}

/** Lets the page draw. */
export const frame = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 0));
