import type { Network, TapeRun, Work } from "../kernel/backward.js";
import type { Subject } from "./subject.js";

/**
 * Scheduled sampling (Bengio et al. 2015): inputs of which each step's is, with this probability, what the model itself
 * gave at the step before; of a model that takes tokens its likeliest one. Gradients do not go through what was sampled.
 *
 * @param random a generator for each row
 */
export function* sampleInputs(
  subject: Subject,
  network: Network,
  run: TapeRun,
  probability: number,
  random: (row: number) => () => number,
): Work<Float32Array> {
  const { batch, steps } = run;
  const size = run.input.length / (batch * steps);
  const input = run.input.slice();
  const coins = Array.from({ length: batch }, (_, row) => random(row));
  let states = run.states;
  for (let t = 0; t + 1 < steps; t++) {
    const own = new Float32Array(batch * size);
    for (let row = 0; row < batch; row++) {
      const at = (row * steps + t) * size;
      own.set(input.subarray(at, at + size), row * size);
    }
    const { output, ends } = yield* network.forward({
      ...run,
      input: own,
      steps: 1,
      lengths: null,
      mask: null,
      states,
      draw: null,
    });
    states = ends;
    const { outputSize } = subject;
    for (let row = 0; row < batch; row++) {
      if ((coins[row] as () => number)() >= probability) continue;
      const y = output.subarray(row * outputSize, (row + 1) * outputSize);
      const next = (row * steps + t + 1) * size;
      if (subject.tokens)
        input[next] = y.indexOf(y.reduce((a, b) => Math.max(a, b)));
      else input.set(y, next);
    }
  }
  return input;
}
