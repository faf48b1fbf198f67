import { afterEach, describe, expect, test, vi } from "vitest";
import { LSTM } from "../../src/index.js";
import { backends } from "../support/layers.js";

// Runs that need more than the 2 GiB that one model's memory may have: refused before anything is written.

describe.each(backends)("a batch beyond any memory, on %s", (backend) => {
  test.each([
    // bytes of states, each a little over a multiple of 2 GiB, so that 32 bits would hold a small or negative number
    ["2 GiB", 2 ** 20 + 64],
    ["4 GiB", 2 ** 21 + 64],
  ])("states of %s", (_, batch) => {
    const lstm = new LSTM({ inputSize: 1, hiddenSize: 256, backend });
    const stream = lstm.stream();
    stream.step([1]);
    const before = stream.state;
    const data = new Float32Array(batch);
    expect(() => lstm.forward({ shape: [batch, 1, 1], data })).toThrow(
      /^memory: expected at most 2147483648 bytes for one model, got \d+$/,
    );
    expect(stream.state).toEqual(before);
    const other = lstm.stream({ state: before });
    expect([...stream.step([2])]).toEqual([...other.step([2])]);
  });
});

describe("a host that has no room for another memory", () => {
  afterEach(() => void vi.unstubAllGlobals());

  test("is told with what helps, and js needs none", () => {
    const layer = (backend: "simd" | "js") =>
      new LSTM({ inputSize: 1, hiddenSize: 512, backend }); // too large to share one
    layer("simd").forward([[1]]); // compiled
    class Memory {
      constructor() {
        throw new RangeError("could not allocate memory");
      }
    }
    vi.stubGlobal("WebAssembly", { ...WebAssembly, Memory });
    expect(() => layer("simd").forward([[1]])).toThrow(
      /^memory: expected room for one more model, got could not allocate memory; dispose\(\) models.*backend: "js"/,
    );
    expect(layer("js").forward([[1]]).output.shape).toEqual([1, 512]);
  });
});
