import type {
  CellStates,
  Network,
  Tape,
  TapeRun,
  Work,
} from "../kernel/backward.js";

/**
 * A shard whose tape would not fit: forward piece by piece for the outputs, then, from the last piece on, forward again
 * and back. The states at the pieces' ends carry the gradient from one to the one before.
 *
 * @param most steps of a piece
 * @param drawOf what dropout draws from in each
 * @param gradientOf of the outputs, (B, T, O); null: no way back
 */
export function* runPieces(
  network: Network,
  run: TapeRun,
  most: number,
  drawOf: (piece: number) => TapeRun["draw"],
  gradientOf: (output: Float32Array) => Float64Array | null,
): Work<{ ends: readonly CellStates[]; output: Float32Array }> {
  const { batch, steps, input, lengths } = run;
  const size = input.length / (batch * steps);
  const starts: (readonly (CellStates | null)[])[] = [run.states];
  const pieceOf = (index: number): TapeRun => {
    const start = index * most;
    const count = Math.min(most, steps - start);
    const own = new Float32Array(batch * count * size);
    for (let row = 0; row < batch; row++) {
      const at = (row * steps + start) * size;
      own.set(input.subarray(at, at + count * size), row * count * size);
    }
    return {
      ...run,
      input: own,
      steps: count,
      lengths:
        lengths?.map((length) =>
          Math.max(0, Math.min(count, length - start)),
        ) ?? null,
      mask: null,
      states: starts[index] as TapeRun["states"],
      draw: run.draw && drawOf(index),
    };
  };
  /** Calls for each row of a piece with where it lies in the whole, and in the piece. */
  const eachRow = (
    index: number,
    each: number,
    visit: (whole: number, part: number) => void,
  ) => {
    const start = index * most;
    const count = Math.min(most, steps - start);
    for (let row = 0; row < batch; row++)
      visit((row * steps + start) * each, row * count * each);
  };
  let output = new Float32Array();
  let outputSize = 0;
  let ends: readonly CellStates[] = [];
  const pieces = Math.ceil(steps / most);
  for (let i = 0; i < pieces; i++) {
    const part = pieceOf(i);
    const tape: Tape = yield* network.forward(part);
    if (!i) {
      outputSize = tape.output.length / (batch * part.steps);
      output = new Float32Array(batch * steps * outputSize);
    }
    const length = part.steps * outputSize;
    eachRow(i, outputSize, (whole, own) =>
      output.set(tape.output.subarray(own, own + length), whole),
    );
    ends = tape.ends;
    starts.push(ends);
  }
  const gradient = gradientOf(output);
  let carried: readonly (CellStates | null)[] = [];
  for (let i = pieces - 1; gradient && i >= 0; i--) {
    const part = pieceOf(i);
    const tape: Tape = yield* network.forward(part);
    const own = new Float64Array(tape.output.length);
    const length = part.steps * outputSize;
    eachRow(i, outputSize, (whole, at) =>
      own.set(gradient.subarray(whole, whole + length), at),
    );
    const back = network.backward(tape, own, carried, false, true);
    carried = (yield* back).states;
  }
  return { ends, output };
}
