/**
 * Contenders timed turn by turn, A B C A B C …, so that a machine that slows down slows all of them. A turn is one
 * call that is not timed, because the others have had the caches, and a sample of as many calls as the clock
 * resolves well; best and median of many samples.
 */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {() => unknown} run one call; a promise is awaited
 *
 * @typedef {{ best: number, median: number, samples: number }} Timing milliseconds of one call
 */

const SAMPLE_MS = 1;

/**
 * @param {() => unknown} run
 * @param {number} calls
 * @returns {Promise<number>} milliseconds of one call
 */
async function sample(run, calls) {
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / calls;
}

/**
 * Runs without timing. An engine compiles what is hot in the background, and a large module's turn comes late: an
 * onnxruntime-web timed too early looks 2.4 times as slow as it is.
 *
 * @param {() => unknown} run
 * @param {number} milliseconds
 * @returns {Promise<number>} the fastest call
 */
export async function warm(run, milliseconds) {
  const start = performance.now();
  let fastest = Infinity;
  for (let n = 0; n < 2 || performance.now() - start < milliseconds; n++)
    fastest = Math.min(fastest, await sample(run, 1));
  return fastest;
}

/**
 * Each contender has the same share of the time, and at least a few turns: slow ones sit out the later rounds.
 *
 * @param {readonly Contender[]} contenders
 * @param {{ warmup?: number, share?: number, least?: number }} [options] milliseconds a contender; samples
 * @returns {Promise<Record<string, Timing>>}
 */
export async function turns(
  contenders,
  { warmup = 250, share = 350, least = 5 } = {},
) {
  /** @type {{ name: string, run: () => unknown, calls: number, spent: number, samples: number[] }[]} */
  const players = [];
  for (const { name, run } of contenders) {
    const fastest = await warm(run, warmup);
    const calls = Math.max(1, Math.ceil(SAMPLE_MS / Math.max(fastest, 1e-5)));
    players.push({ name, run, calls, spent: 0, samples: [] });
  }
  for (let waiting = true; waiting;) {
    waiting = false;
    for (const player of players) {
      if (player.spent >= share && player.samples.length >= least) continue;
      await sample(player.run, 1);
      const taken = await sample(player.run, player.calls);
      player.spent += taken * (player.calls + 1);
      player.samples.push(taken);
      waiting = true;
    }
  }
  return Object.fromEntries(
    players.map(({ name, samples }) => {
      samples.sort((a, b) => a - b);
      const timing = {
        best: Number(samples[0]),
        median: Number(samples[samples.length >> 1]),
        samples: samples.length,
      };
      return [name, timing];
    }),
  );
}
