import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { tensor } from "../../src/index.js";
import { expectSameBits } from "../support/compare.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { modelBytes } from "./support/build.js";
import { recurrentModel } from "./support/small.js";

describe("a stream", () => {
  const streams = () => {
    const { model } = load(
      recurrentModel(
        "GRU",
        { linear_before_reset: 1 },
        {
          node: { inputs: ["X", "W", "R", "B", "", "h0"] },
          inputs: [
            { name: "X", shape: ["steps", "batch", 2] },
            { name: "h0", shape: [1, "batch", 3] },
          ],
        },
      ),
    );
    return { model, stream: model.stream({ states: { h0: "hn" } }) };
  };
  const X = new Random(1).tensor([6, 2, 2]);
  const part = (from: number, to: number) => ({
    X: { shape: [to - from, 2, 2], data: X.data.slice(from * 4, to * 4) },
  });
  const zeros = { shape: [1, 2, 3], data: new Float32Array(6) };

  test("in pieces is the whole, to the bit", () => {
    const { model, stream } = streams();
    const whole = model.run({ X, h0: zeros });
    const pieces = [part(0, 1), part(1, 4), part(4, 6)].map((piece) =>
      stream.run(piece),
    );
    const joined = pieces.flatMap(({ Y }) => [...Y!.data]);
    expectSameBits(Float32Array.from(joined), whole.Y!.data);
    expectSameBits(pieces[2]!.hn!.data, whole.hn!.data);
    expectSameBits(stream.state.h0!.data, whole.hn!.data);
  });

  test("forks, resets and takes states", () => {
    const { stream } = streams();
    expect(stream.state).toEqual({});
    const first = stream.run(part(0, 2));
    const { state } = stream;
    const fork = stream.fork();
    const next = stream.run(part(2, 4));
    expect(fork.run(part(2, 4))).toEqual(next);
    stream.reset();
    expect(stream.run(part(0, 2))).toEqual(first);
    stream.state = state;
    state.h0!.data.fill(7); // copied
    expect(stream.run(part(2, 4))).toEqual(next);
    const other = streams().model.stream({
      states: { h0: "hn" },
      state: { h0: first.hn! },
    });
    expect(other.run(part(2, 4))).toEqual(next);
    other.reset();
    expect(other.run(part(2, 4))).toEqual(next);
  });

  test("keeps its state when a run is refused", () => {
    const { stream } = streams();
    stream.run(part(0, 2));
    const before = stream.state;
    expect(() => stream.run({ X: zeros })).toThrow(RangeError);
    expect(() => stream.run({ ...part(0, 1), h0: zeros } as never)).toThrow(
      /"h0".*X alone/,
    );
    expect(() => stream.run({ X: tensor([[[1, 2]]]) })).toThrow(RangeError);
    expect(stream.state).toEqual(before);
  });

  test("refuses names that the model does not have", () => {
    const { model, stream } = streams();
    const open = (options: unknown) => () => model.stream(options as never);
    const refusals: Refusal[] = [
      ["options of another kind", open(1), TypeError, /options/],
      ["an unknown option", open({ start: {} }), RangeError, /start/],
      [
        "no states",
        open({ states: {} }),
        RangeError,
        /states.*X, lengths, h0|states.*X, h0.*got none/,
      ],
      [
        "another input",
        open({ states: { h1: "hn" } }),
        RangeError,
        /states\["h1"\].*X, h0/,
      ],
      [
        "another output",
        open({ states: { h0: "h1" } }),
        RangeError,
        /states\["h0"\].*Y, hn/,
      ],
      ["no name", open({ states: { h0: 1 } }), TypeError, /states\["h0"\]/],
      [
        "a state of another input",
        open({ states: { h0: "hn" }, state: { X } }),
        RangeError,
        /state\["X"\]/,
      ],
      [
        "a state of another shape",
        () => void (stream.state = { h0: X }),
        RangeError,
        /"h0"/,
      ],
    ];
    refusals.forEach(expectRefusal);
  });

  test("asks for a state whose size nothing tells", () => {
    const { model } = load(
      modelBytes({
        nodes: [{ type: "Add", inputs: ["x", "s"], outputs: ["t"] }],
        inputs: [
          { name: "x", shape: [null] },
          { name: "s", shape: [null] },
        ],
        outputs: [{ name: "t" }],
      }),
    );
    const states = { s: "t" };
    expect(() => model.stream({ states }).run({ x: [1, 2] })).toThrow(
      /state\["s"\]/,
    );
    const stream = model.stream({ states, state: { s: [10, 20] } });
    stream.run({ x: [1, 2] });
    expect([...stream.run({ x: [1, 2] }).t!.data]).toEqual([12, 24]);
  });
});
