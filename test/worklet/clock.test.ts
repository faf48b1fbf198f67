import { afterEach, describe, expect, test, vi } from "vitest";
import { type ClockWorker, startClock } from "../../src/worklet/clock.js";

/** A worker that does as `answer` says when it gets the shared memory. */
function worker(answer: (self: ClockWorker, time: Int32Array) => void) {
  const self: ClockWorker = {
    onmessage: null,
    onerror: null,
    postMessage: (time) => answer(self, time as Int32Array),
    terminate: vi.fn(),
  };
  return self;
}

describe("the clock of an AudioWorklet", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("is there when its worker has begun to write, and ends with it", async () => {
    const writing = worker((self, time) => {
      time[0] = 12;
      self.onmessage?.(undefined as never);
    });
    const clock = await startClock(writing);
    expect([...clock.time]).toEqual([12, 0, 0, 0]);
    expect(clock.time.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(writing.terminate).not.toHaveBeenCalled();
    clock.stop();
    expect(writing.terminate).toHaveBeenCalledOnce();
  });

  test("says what is wrong: the worker, its script, the page's headers", async () => {
    await expect(startClock("clock.js" as never)).rejects.toEqual(
      new TypeError('worker: expected a Worker, got "clock.js"'),
    );
    const failing = worker((self) => self.onerror?.({} as never));
    await expect(startClock(failing)).rejects.toThrow(
      "worker: expected it to run, got an error; is its script where the address says?",
    );
    vi.stubGlobal("SharedArrayBuffer", undefined);
    await expect(startClock(failing)).rejects.toThrow(
      "SharedArrayBuffer: expected it, got none: the page must be cross-origin isolated",
    );
  });
});
