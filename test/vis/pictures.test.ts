import * as echarts from "echarts";
import { describe, expect, test } from "vitest";
import {
  attention,
  type ChartOption,
  type EChartsLike,
  gates,
  losses,
  sizeOf,
  spectra,
  states,
  toSVG,
  traceLayers,
  weights,
} from "../../src/vis/index.js";
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  Sequential,
  type Tensor,
} from "../../src/index.js";
import { Random } from "../support/random.js";

const random = new Random(17);
const svg = (option: ChartOption) =>
  toSVG(echarts as unknown as EChartsLike, option);
const sequence = (steps: number, size: number): Tensor =>
  random.tensor([steps, size]);
/** The pixels of a path's cells: "M0 0H3V4H0Z…". */
const areaOf = (path: string): number =>
  [...path.matchAll(/M([\d.]+) ([\d.]+)L?H?([\d.]+)[ V]([\d.]+)/g)].reduce(
    (sum, [, left, top, right, bottom]) =>
      sum + (Number(right) - Number(left)) * (Number(bottom) - Number(top)),
    0,
  );

const lstm = new LSTM({ inputSize: 2, hiddenSize: 5, numLayers: 2, seed: 1 });
const { trace } = lstm.forward(sequence(7, 2), { trace: true });

describe("gates", () => {
  const option = gates(trace, { title: "An LSTM" });

  test("has a panel for each gate of each layer", () => {
    expect(option.grid.length).toBe(12);
    const text = svg(option);
    for (const name of ["input", "forget", "cell", "layer 2", "An LSTM"])
      expect(text).toContain(`>${name}<`);
  });

  test("colours every cell once: the paths of a panel fill it", () => {
    const { renderItem, data } = option.series[0] as {
      renderItem: (
        params: object,
        api: object,
      ) => { shape: { pathData: string } };
      data: number[][];
    };
    const api = { coord: ([x, y]: number[]) => [x, y], visual: () => "#000" };
    const filled = data.map((_, dataIndex) =>
      areaOf(renderItem({ dataIndex }, api).shape.pathData),
    );
    expect(filled.reduce((a, b) => a + b)).toBe(7 * 5);
  });

  test("colours a number by its value, rounded to one of 24 steps", () => {
    const [first] = option.series as { data: number[][] }[];
    const [entry] = trace;
    const values = [...(entry as (typeof trace)[number]).input.data];
    const shown = first?.data.map(([, , value]) => value as number) ?? [];
    for (const value of values)
      expect(Math.min(...shown.map((x) => Math.abs(x - value)))).toBeLessThan(
        1 / 48 + 1e-6,
      );
  });

  test("has one scale for what is beside each other", () => {
    const of = (index: number) =>
      (option.visualMap[index] as { min: number; max: number }).max;
    for (let panel = 0; panel < 6; panel++)
      expect(of(panel)).toBe(of(panel + 6));
  });

  test("puts layers below each other where it is narrow", () => {
    const narrow = gates(trace, { width: 400 });
    expect(new Set(narrow.grid.map(({ left }) => left)).size).toBe(1);
    expect(sizeOf(narrow).width).toBe(400);
    expect(sizeOf(narrow).height).toBeGreaterThan(sizeOf(option).height);
  });

  test("takes a row of a batch, GRUs and RNNs", () => {
    const input: Tensor = { ...sequence(6, 2), shape: [2, 3, 2] };
    for (const Cell of [GRU, RNN]) {
      const layer = new Cell({ inputSize: 2, hiddenSize: 3, seed: 2 });
      const traced = layer.forward(input, { trace: true }).trace;
      expect(svg(gates(traced, { row: 1, theme: "dark" }))).toContain("hidden");
      expect(() => gates(traced, { row: 2 })).toThrow(
        "row: expected an integer from 0 to 1, got 2",
      );
    }
  });

  test("refuses what it cannot draw", () => {
    expect(() => gates([])).toThrow("trace: expected at least one layer");
    expect(() => gates(trace, { width: 10 })).toThrow(/^width: expected/);
    expect(() => gates(trace, { colour: 1 } as object)).toThrow(/options/);
  });
});

test("traceLayers gives what each layer's own trace is", () => {
  const embedding = new Embedding({ vocabSize: 4, size: 3, seed: 1 });
  const gru = new GRU({ inputSize: 3, hiddenSize: 2, seed: 2 });
  const second = new LSTM({ inputSize: 2, hiddenSize: 2, seed: 3 });
  const head = new Linear({ inputSize: 2, outputSize: 1, seed: 4 });
  const model = new Sequential([embedding, gru, second, head]);
  const found = traceLayers(model, [1, 3, 0]);
  expect(found.map(({ name }) => name)).toEqual(["1: GRU", "2: LSTM"]);
  const vectors = embedding.forward([1, 3, 0]).output;
  const first = gru.forward(vectors, { trace: true });
  expect(found[0]?.["update"]).toEqual(first.trace[0]?.["update"]);
  const after = second.forward(first.output, { trace: true });
  expect(found[1]?.["cell"]).toEqual(after.trace[0]?.["cell"]);
  expect(() => traceLayers(new Sequential([head]), [[0, 1]])).toThrow(
    "model: expected one with an RNN, LSTM or GRU, got none",
  );
});

describe("states", () => {
  test("are lines where they are few, colours where they are many", () => {
    const few = states(sequence(9, 3), { names: ["a", "b", "c"] });
    expect(few.series.map((each) => (each as { name: string }).name)).toEqual([
      "a",
      "b",
      "c",
    ]);
    const many = states(sequence(9, 12));
    expect(many.series.map((each) => (each as { type: string }).type)).toEqual([
      "custom",
    ]);
    expect(svg(few)).toContain(">a<");
    expect(svg(many)).toContain("<path");
  });

  test("may have infinities and NaN", () => {
    const odd: Tensor = {
      shape: [4, 9],
      data: Float32Array.from({ length: 36 }, (_, i) =>
        i % 5 ? i : i % 2 ? NaN : Infinity,
      ),
    };
    expect(svg(states(odd))).not.toContain("NaN");
  });
});

test("attention has what asks from the top down", () => {
  const option = attention(
    [
      [1, 0, 0],
      [0, 0, 1],
    ],
    { queries: ["le", "chat"], keys: ["the", "black", "cat"] },
  );
  const text = svg(option);
  for (const word of ["chat", "black"]) expect(text).toContain(`>${word}<`);
  const { data, renderItem } = option.series[0] as unknown as {
    data: number[][];
    renderItem: (p: object, api: object) => { shape: { pathData: string } };
  };
  const brightest = data.findIndex(([, , value]) => value === 1);
  const api = { coord: ([x, y]: number[]) => [x, y], visual: () => "" };
  expect(renderItem({ dataIndex: brightest }, api).shape.pathData).toBe(
    "M0 0H1V1H0ZM2 1H3V2H2Z",
  );
});

describe("losses", () => {
  const run = [1, 2, 3, 4].flatMap((step) => [
    { type: "step", step, loss: 1 / step, gradientNorm: step },
    ...(step % 2
      ? []
      : [{ type: "epoch", loss: 1 / step, validation: { loss: 2 / step } }]),
  ]);

  test("has steps, epochs, what was held out, and gradients", () => {
    const { series, yAxis } = losses(run);
    const points = (series as { name: string; data: number[][] }[]).map(
      ({ name, data }) => [name, data.length],
    );
    expect(points).toEqual([
      ["step", 4],
      ["epoch", 2],
      ["held out", 2],
      ["gradients' norm", 4],
    ]);
    expect((yAxis[0] as { type: string }).type).toBe("log");
    expect(svg(losses(run))).toContain("held out");
  });

  test("is linear where a loss is not above 0", () => {
    const { yAxis } = losses([{ type: "step", step: 1, loss: -1 }]);
    expect((yAxis[0] as { type: string }).type).toBe("value");
  });

  test("draws a run of more steps than a call has room for arguments", () => {
    const many = Array.from({ length: 200_000 }, (_, i) => ({
      type: "step",
      step: i + 1,
      loss: 1,
    }));
    const { xAxis } = losses(many);
    expect((xAxis[0] as { max: number }).max).toBe(200_000);
  });

  test("refuses a run without losses", () => {
    expect(() => losses([{ type: "end" }])).toThrow(
      "run: expected steps or epochs with a loss, got none",
    );
  });
});

test("weights counts every number once", () => {
  const dict = {
    ...lstm.stateDict(),
    odd: { shape: [2], data: Float32Array.of(NaN, 0) },
  };
  const option = weights(dict);
  const counts = (option.series as { data: number[][] }[]).map(({ data }) =>
    data.reduce((sum, [, count]) => sum + (count as number), 0),
  );
  const sizes = Object.values(dict).map(({ data }) => data.length);
  expect(counts).toEqual([...sizes.slice(0, -1), 1]);
  expect(svg(option)).toContain("weight_hh_l1");
  expect(svg(option)).toContain("1 not finite");
});

test("spectra of numbers that are not finite show the others as they are", () => {
  const decibelsOf = (...magnitudes: number[]) => {
    const data = Float32Array.from(magnitudes);
    const { series } = spectra({ shape: [1, data.length], data });
    return (series[0] as { data: number[][] }).data.map(([, , dB]) => dB);
  };
  const finite = decibelsOf(1, 0.1);
  expect(decibelsOf(NaN, 1, 0.1)).toEqual(finite);
  expect(decibelsOf(Infinity, 1, 0.1)).toEqual(finite);
});

test("spectra refuses rates that are none", () => {
  const magnitudes = [[1, 2]];
  expect(() => spectra(magnitudes, { sampleRate: 0 })).toThrow(
    new RangeError("sampleRate: expected a number above 0, got 0"),
  );
  expect(() => spectra(magnitudes, { hop: "100" as never })).toThrow(TypeError);
});

test("spectra has the loudest at 0 dB and the highest frequency on top", () => {
  const magnitudes: Tensor = { shape: [3, 5], data: new Float32Array(15) };
  magnitudes.data[4] = 10; // first frame, highest line
  const option = spectra(magnitudes, { sampleRate: 8000, hop: 100 });
  const { data, renderItem } = option.series[0] as unknown as {
    data: number[][];
    renderItem: (p: object, api: object) => { shape: { pathData: string } };
  };
  const loudest = data.findIndex(([, , value]) => Math.abs(value ?? 1) < 1e-9);
  const api = { coord: ([x, y]: number[]) => [x, y], visual: () => "" };
  expect(renderItem({ dataIndex: loudest }, api).shape.pathData).toBe(
    "M0 0H1V1H0Z",
  );
  expect(svg(option)).toContain("kHz");
});

test("toSVG says what it needs", () => {
  expect(() => toSVG({} as EChartsLike, gates(trace))).toThrow(
    /^echarts: expected the module echarts/,
  );
});
