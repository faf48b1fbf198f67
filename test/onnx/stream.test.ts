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

describe("states that are inputs again", () => {
  const row = (name: string) => ({ name, shape: [1, 2] });
  const same = (from: string, to: string) => ({
    type: "Identity",
    name: to,
    inputs: [from],
    outputs: [to],
  });

  test("move along a line of delays, in whatever order", () => {
    const bytes = modelBytes({
      nodes: [
        same("x", "a'"),
        same("a", "b'"),
        same("b", "c'"),
        same("c", "y"),
      ],
      inputs: ["x", "a", "b", "c"].map(row),
      outputs: ["y", "a'", "b'", "c'"].map((name) => ({ name })),
    });
    for (const names of ["abc", "cba", "bca"]) {
      const states = Object.fromEntries([...names].map((s) => [s, `${s}'`]));
      const stream = load(bytes).model.stream({ states });
      const given = [1, 2, 3, 4, 5, 6];
      const got = given.map((n) => [...stream.step([n, -n])]);
      const late = [0, 0, 0, 1, 2, 3].map((n) => [n, -n || 0]);
      expect(got).toEqual(late);
    }
  });

  test("are swapped", () => {
    const { model } = load(
      modelBytes({
        nodes: [same("a", "a'"), same("b", "b'"), same("x", "y")],
        inputs: ["x", "a", "b"].map(row),
        outputs: ["y", "a'", "b'"].map((name) => ({ name })),
      }),
    );
    const state = { a: [[1, 1]], b: [[2, 2]] };
    const stream = model.stream({ states: { a: "b'", b: "a'" }, state });
    for (const [a, b] of [
      [2, 1],
      [1, 2],
      [2, 1],
    ]) {
      stream.step([0, 0]);
      expect([...stream.state.a!.data]).toEqual([a, a]);
      expect([...stream.state.b!.data]).toEqual([b, b]);
    }
  });

  test("are given as an output before they change", () => {
    const { model } = load(
      modelBytes({
        nodes: [
          same("sum", "y"),
          { type: "Add", inputs: ["x", "sum"], outputs: ["sum'"] },
        ],
        inputs: ["x", "sum"].map(row),
        outputs: ["y", "sum'"].map((name) => ({ name })),
      }),
    );
    const stream = model.stream({ states: { sum: "sum'" } });
    const got = [1, 10, 100].map((n) => [...stream.step([n, n])]);
    expect(got).toEqual([
      [0, 0],
      [1, 1],
      [11, 11],
    ]);
    expect([...stream.step({ x: [[1000, 1000]] }).y!.data]).toEqual([111, 111]);
  });

  test("leave a fork the inputs that its stream has, whatever became of the arrays", () => {
    const { model } = load(
      modelBytes({
        nodes: [
          { type: "Add", inputs: ["x", "c"], outputs: ["y"] },
          same("x", "s'"),
        ],
        inputs: ["x", "c", "s"].map(row),
        outputs: ["y", "s'"].map((name) => ({ name })),
      }),
    );
    const c = { shape: [1, 2], data: Float32Array.of(5, 5) };
    const stream = model.stream({ states: { s: "s'" }, inputs: { c } });
    c.data.fill(100);
    expect([...stream.fork().step([1, 2])]).toEqual([6, 7]);
  });
});
