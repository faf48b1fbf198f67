import { expect } from "vitest";
import type { StateDict, Tensor } from "../../src/index.js";
import { expectSameBits } from "./compare.js";
import type { Refusal } from "./refusals.js";

interface StreamLike {
  step(frame: ArrayLike<number>): Float32Array;
  run(frames: ArrayLike<number>): Float32Array;
  readonly state: unknown;
}

/** A layer or a model. */
interface Runs {
  forward(input: Tensor): unknown;
  stream(): StreamLike;
  stateDict(): StateDict;
}

/**
 * Makes all the refused calls in the middle of a sequence. `stream` is a new stream over `model`, which the calls may
 * use; `twin` is equal to `model` and hears of nothing: afterwards both must still give the same.
 */
export function expectUnharmed(
  model: Runs,
  stream: StreamLike,
  twin: Runs,
  input: Tensor,
  refused: readonly Refusal[],
): void {
  const size = input.shape.at(-1)!;
  const [first, second, third] = [0, 1, 2].map((t) =>
    input.data.subarray(t * size, (t + 1) * size),
  );
  const twinStream = twin.stream();
  expectSameBits(stream.run(first!), twinStream.run(first!), "before");
  const view = stream.step(second!);
  const expected = twinStream.step(second!);
  for (const [what, call] of refused) {
    expect(call, what).toThrow();
    expect(stream.state, what).toEqual(twinStream.state);
    expectSameBits(view, expected, `the last step's view, after ${what}`);
  }
  expect(model.stateDict(), "weights").toEqual(twin.stateDict());
  expectSameBits(
    stream.run(third!),
    twinStream.run(third!),
    "the stream afterwards",
  );
  expect(model.forward(input), "forward afterwards").toEqual(
    twin.forward(input),
  );
}
