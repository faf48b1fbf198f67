import { afterAll, describe, expect, test } from "vitest";
import { layerOf, readCases, type Case } from "../support/cases.js";
import {
  expectClose,
  expectSameBits,
  expectSameState,
} from "../support/compare.js";
import { backends } from "../support/layers.js";
import { at, slice, stateOfRow } from "../support/tensors.js";

// The project's own cases, and the shared ones where this checkout has them beside it.
const cases = [
  ...readCases("test/fixtures/torch"),
  ...readCases("../shared/goldens/torch"),
];

test("the fixtures hold every kind of layer", () => {
  expect(new Set(cases.map(({ kind }) => kind))).toEqual(
    new Set(["RNN", "LSTM", "GRU"]),
  );
});

describe.each(backends)("reference cases on %s", (backend) => {
  let passed = 0;
  let worst = { share: 0, name: "none" };
  afterAll(() => {
    const share = `${(worst.share * 100).toFixed(1)} % of its tolerance (${worst.name})`;
    console.log(
      `${backend}: ${passed} of ${cases.length} reference cases, worst error ${share}`,
    );
  });

  test.each(cases)(
    "$name: output and final state are the reference's",
    (reference) => {
      const { input, start, expected, tolerance, name } = reference;
      const { output, state } = layerOf(reference, backend).forward(
        input,
        start,
      );
      expect(output.shape).toEqual(expected.output.shape);
      expect(state.hidden.shape).toEqual(expected.state.hidden.shape);
      expect(state.cell?.shape).toEqual(expected.state.cell?.shape);
      const errors = [
        expectClose(output.data, expected.output.data, tolerance, "output"),
        expectClose(
          state.hidden.data,
          expected.state.hidden.data,
          tolerance,
          "hn",
        ),
        expectClose(
          state.cell?.data ?? [],
          expected.state.cell?.data ?? [],
          tolerance,
          "cn",
        ),
      ];
      const share = Math.max(...errors) / tolerance;
      if (share > worst.share) worst = { share, name };
      passed++;
    },
  );

  test.each(cases)(
    "$name: the options are read off the weights",
    (reference) => {
      expect(layerOf(reference, backend).options).toMatchObject({
        ...reference.options,
        backend,
      });
    },
  );

  const forward = cases.filter(
    ({ options }) => options.direction === "forward",
  );
  test.each(forward)(
    "$name: streamed in uneven blocks, the same bits",
    (reference) => {
      expectStreamedSame(reference, layerOf(reference, backend));
    },
  );
});

test.each(cases)("$name: js equals simd to the last bit", (reference) => {
  const { input, start } = reference;
  const [simd, js] = (["simd", "js"] as const).map((backend) =>
    layerOf(reference, backend).forward(input, start),
  );
  expectSameBits(js!.output.data, simd!.output.data, "output");
  expectSameState(js!.state, simd!.state);
});

/** Each sequence through a stream of its own, in blocks of 1 (by step), 2, 3 … frames (by run). */
function expectStreamedSame(
  { input, start }: Case,
  layer: ReturnType<typeof layerOf>,
): void {
  const whole = layer.forward(input, start);
  const batched = input.shape.length === 3;
  for (let b = 0; b < (batched ? input.shape[0]! : 1); b++) {
    const alone = <T>(value: T, cut: (value: T, b: number) => T) =>
      batched ? cut(value, b) : value;
    const frames = alone(input, (t) => at(t, 0, b));
    const length = start.lengths?.[b] ?? frames.shape[0]!;
    const output = slice(
      alone(whole.output, (t) => at(t, 0, b)),
      0,
      0,
      length,
    );
    const stream = layer.stream(
      start.state && { state: alone(start.state, stateOfRow) },
    );
    const width = output.shape[1]!;
    for (let time = 0, block = 1; time < length; time += block++) {
      const end = Math.min(length, time + block);
      const { data } = slice(frames, 0, time, end);
      const result = block === 1 ? stream.step(data) : stream.run(data);
      expectSameBits(
        result,
        output.data.subarray(time * width, end * width),
        `row ${b}, time ${time}`,
      );
    }
    expectSameState(
      stream.state,
      alone(whole.state, stateOfRow),
      `state of row ${b}`,
    );
  }
}
