import { describe, expect, test } from "vitest";
import { verify } from "../../src/formats/verify.js";
import { GRU, Linear, LSTM, Sequential, tensor } from "../../src/index.js";

const model = new Sequential([
  new LSTM({ inputSize: 2, hiddenSize: 4, seed: 1 }),
  new Linear({ inputSize: 4, outputSize: 3, seed: 2 }),
]);
const input = tensor(
  Float32Array.from({ length: 10 }, (_, i) => Math.sin(i)),
  [5, 2],
);
const { output, state } = model.forward(input);

/** The outputs with number `at` changed. */
const changed = (at: number, value: number) => {
  const data = output.data.slice();
  data[at] = value;
  return { shape: output.shape, data };
};

function refusal(call: () => unknown): RangeError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return error as RangeError;
  }
  return expect.fail("not refused");
}

describe("a chain", () => {
  test("that gives what it must", () => {
    const result = verify(model, [{ input, output }]);
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      tolerance: 1e-5,
      cases: 1,
      outputs: [
        {
          name: "output",
          numbers: 15,
          error: 0,
          worst: {
            case: 0,
            index: [0, 0],
            expected: output.data[0],
            got: output.data[0],
          },
        },
      ],
    });
    expect(`${result}`.split("\n")).toEqual([
      "output  numbers  error  where          expected              got",
      `output  15       0.0    case 0 [0, 0]  ${output.data[0]}  ${output.data[0]}`,
      "1 case, tolerance 0.00001",
    ]);
  });

  test("says where the largest error of all cases is", () => {
    const near = changed(7, output.data[7]! + 0.25);
    const nearer = changed(8, output.data[8]! - 0.125);
    const cases = [
      { input, output },
      { input, output: near },
      { input, output: nearer },
    ];
    const { outputs } = verify(model, cases, { tolerance: 0.5 });
    expect(outputs).toEqual([
      {
        name: "output",
        numbers: 45,
        error: Math.abs(near.data[7]! - output.data[7]!),
        worst: {
          case: 1,
          index: [2, 1],
          expected: near.data[7],
          got: output.data[7],
        },
      },
    ]);
    const { message } = refusal(() => verify(model, cases, { tolerance: 0.2 }));
    expect(message).toMatch(
      /^verify: expected errors of at most 0\.2, got more\noutput .*\noutput  45 +0\.25 +case 1 \[2, 1\] .* too large\n3 cases, tolerance 0\.2$/,
    );
  });

  test("takes states, lengths, batches and nested arrays", () => {
    const batch = tensor([...input.data, ...input.data], [2, 5, 2]);
    const lengths = [5, 2];
    const padded = model.forward(batch, { lengths }).output;
    verify(model, [{ input: batch, output: padded, lengths }], {
      tolerance: 0,
    });
    const rest = model.forward([[1, 2]], { state }).output;
    verify(model, [{ input: [[1, 2]], output: rest, state }], { tolerance: 0 });
    expect(() => verify(model, [{ input: [[1, 2]], output: rest }])).toThrow(
      RangeError,
    );
    const nested = [Array.from(rest.data)];
    verify(model, [{ input: [[1, 2]], output: nested, state }]);
  });

  test("may be a layer alone", () => {
    const gru = new GRU({ inputSize: 2, hiddenSize: 3 });
    verify(gru, [{ input, output: gru.forward(input).output }]);
  });
});

describe("numbers that are none", () => {
  test.each([NaN, Infinity, -Infinity])(
    "%s where a number was given",
    (value) => {
      const { message } = refusal(() =>
        verify(model, [{ input, output: changed(4, value) }], {
          tolerance: 1e30,
        }),
      );
      expect(message).toContain("Infinity  case 0 [1, 1]");
    },
  );

  const given = { forward: () => ({ output: tensor([NaN, Infinity, 1]) }) };
  test("are as good as their like", () => {
    const same = tensor([NaN, Infinity, 1]);
    verify(given, [{ input: 0, output: same }], { tolerance: 0 });
  });

  test.each([
    [[1, Infinity, 1], 0],
    [[NaN, -Infinity, 1], 1],
    [[NaN, 1e38, 1], 1],
  ])("where others were expected: %j", (expected, at) => {
    const call = () =>
      verify(given, [{ input: 0, output: expected }], { tolerance: 1e38 });
    expect(refusal(call).message).toContain(`Infinity  case 0 [${at}]`);
  });
});

describe("a graph", () => {
  const graph = {
    run: ({ x }: { x: number[] }) => ({
      y: tensor(x.map((value) => 2 * value)),
      hn: tensor([[1, 2]]),
    }),
  };

  test("is compared output by output", () => {
    const outputs = { y: [2, 4.5], hn: [[1, 2]] };
    const cases = [{ inputs: { x: [1, 2] }, outputs }];
    const result = verify(graph, cases, { tolerance: 1 });
    expect(result.outputs).toMatchObject([
      { name: "y", error: 0.5, worst: { index: [1] } },
      { name: "hn", error: 0 },
    ]);
    const { message } = refusal(() => verify(graph, cases));
    expect(message.match(/too large/g)).toHaveLength(1);
  });

  test("must have the outputs, of those shapes", () => {
    const inputs = { x: [1, 2] };
    const of = (outputs: Record<string, number[]>) =>
      refusal(() => verify(graph, [{ inputs, outputs }])).message;
    expect(of({ toString: [1] })).toBe(
      'cases[0], "toString": expected [1], got no such output',
    );
    expect(of({ y: [1] })).toBe('cases[0], "y": expected [1], got [2]');
  });
});

test("arguments are checked", () => {
  expect(() => verify(model, [])).toThrow(RangeError);
  expect(() => verify(model, {} as never)).toThrow(TypeError);
  expect(() => verify(model, [null] as never)).toThrow(TypeError);
  expect(() => verify(model, [{ input }] as never)).toThrow(
    "cases[0].output: expected",
  );
  const cases = [{ input, output }];
  for (const none of [null, undefined, 3, "model.pt", {}])
    expect(() => verify(none as never, cases)).toThrow(
      /^model: expected a model or layer, got /,
    );
  expect(() => verify(model, cases, { tolerance: -1 })).toThrow(RangeError);
  expect(() => verify(model, cases, { tolerance: NaN })).toThrow(RangeError);
  expect(() => verify(model, cases, { tolerence: 1 } as never)).toThrow(
    'options: expected only tolerance, got "tolerence"',
  );
  expect(() => verify(model, cases, { tolerance: "1" } as never)).toThrow(
    TypeError,
  );
});

test("a case without outputs, which any model would pass, is refused", () => {
  const graph = { run: () => ({}) };
  expect(() => verify(graph, [{ inputs: {}, outputs: {} }])).toThrow(
    new RangeError(
      "cases[0].outputs: expected at least one output, got an object",
    ),
  );
});
