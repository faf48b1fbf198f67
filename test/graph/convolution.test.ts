/*
 * Conv and ConvTranspose against their definition, over groups, strides, dilations and paddings; with weights that are
 * known at load (products on the kernel, or sums where groups are small) and with weights that are inputs.
 */
import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../src/graph/index.js";
import type { Tensor } from "../../src/index.js";
import { countArrays } from "../support/count-arrays.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly behind: number;
}

const axis = (
  size: number,
  kernel: number,
  stride = 1,
  dilation = 1,
  before = 0,
  behind = before,
): Axis => ({ size, kernel, stride, dilation, before, behind });

interface Case {
  readonly N: number;
  readonly C: number;
  readonly M: number;
  readonly groups: number;
  readonly axes: readonly Axis[];
}

const cases: Record<string, Case> = {
  "depthwise, 5 of 24": {
    N: 2,
    C: 6,
    M: 6,
    groups: 6,
    axes: [axis(24, 5, 1, 1, 2)],
  },
  "depthwise, 3 × 3 dilated": {
    N: 1,
    C: 4,
    M: 8,
    groups: 4,
    axes: [axis(9, 3, 1, 2, 0), axis(11, 3, 1, 1, 1)],
  },
  "two groups of few": {
    N: 2,
    C: 6,
    M: 4,
    groups: 2,
    axes: [axis(13, 4, 3, 2, 3, 1)],
  },
  "two groups of many": {
    N: 2,
    C: 32,
    M: 32,
    groups: 2,
    axes: [axis(21, 3, 2, 1, 1)],
  },
  "one group, of many windows": {
    N: 1,
    C: 8,
    M: 5,
    groups: 1,
    axes: [axis(75, 3, 1, 1, 1), axis(67, 3, 1, 1, 0, 2)],
  },
  "a kernel of 1": {
    N: 2,
    C: 24,
    M: 17,
    groups: 1,
    axes: [axis(33, 1)],
  },
  "windows in the padding alone": {
    N: 1,
    C: 3,
    M: 3,
    groups: 3,
    axes: [axis(2, 2, 4, 1, 4)],
  },
  "three axes": {
    N: 1,
    C: 4,
    M: 4,
    groups: 2,
    axes: [axis(4, 2, 1, 1, 1), axis(5, 3, 2), axis(6, 2, 1, 3, 2)],
  },
};

const countOf = (a: Axis): number =>
  Math.floor(
    (a.size + a.before + a.behind - (a.kernel - 1) * a.dilation - 1) / a.stride,
  ) + 1;

/** Each window with each of its places: where in the windows, in the kernel and in the plane they are. */
function pairs(axes: readonly Axis[]): [number, number, number][] {
  return axes.reduce<[number, number, number][]>(
    (list, a) =>
      list.flatMap(([o, k, p]) => {
        const next: [number, number, number][] = [];
        for (let i = 0; i < countOf(a); i++)
          for (let j = 0; j < a.kernel; j++) {
            const at = i * a.stride + j * a.dilation - a.before;
            if (at >= 0 && at < a.size)
              next.push([
                o * countOf(a) + i,
                k * a.kernel + j,
                p * a.size + at,
              ]);
          }
        return next;
      }),
    [[0, 0, 0]],
  );
}

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);

/** Both are sums over pairs; the transposed one exchanges windows and plane. */
function expected(
  { N, C, M, groups, axes }: Case,
  transposed: boolean,
  x: Tensor,
  w: Tensor,
  b: Tensor,
): Float64Array {
  const [windows, plane] = [
    product(axes.map(countOf)),
    product(axes.map(({ size }) => size)),
  ];
  const places = product(axes.map(({ kernel }) => kernel));
  const [into, outOf] = transposed ? [plane, windows] : [windows, plane];
  const y = new Float64Array(N * M * into);
  const list = pairs(axes);
  for (let n = 0; n < N; n++)
    for (let m = 0; m < M; m++) {
      const group = Math.floor(m / (M / groups));
      const first = (n * M + m) * into;
      y.fill(b.data[m]!, first, first + into);
      for (let i = 0; i < C / groups; i++) {
        const c = group * (C / groups) + i;
        const row = transposed
          ? c * (M / groups) + (m % (M / groups))
          : m * (C / groups) + i;
        for (const [window, tap, place] of list) {
          const [to, from] = transposed ? [place, window] : [window, place];
          y[first + to]! +=
            w.data[row * places + tap]! * x.data[(n * C + c) * outOf + from]!;
        }
      }
    }
  return y;
}

/** Windowed cosines and sines of 32 places, as in front of a network; `change` makes one weight another. */
function waves(change: number): Tensor {
  const K = 32;
  const rows = K / 2 + 1;
  const data = new Float32Array(2 * rows * K);
  for (let f = 0; f < rows; f++)
    for (let k = 0; k <= K / 2; k++) {
      const window = Math.fround(0.5 - 0.5 * Math.cos((2 * Math.PI * k) / K));
      const odd = k % 2 ? -1 : 1;
      const low = Math.min(f, K / 2 - f);
      const angle = (2 * Math.PI * low * k) / K;
      const flip = f > low ? odd : 1;
      const cosine = Math.fround(window * Math.cos(angle)) * flip;
      const sine =
        Math.fround(window * Math.sin(angle)) * -flip * (f > low ? -1 : 1);
      for (const at of k ? [k, K - k] : [k]) data[f * K + at] = cosine;
      data[(rows + f) * K + k] = k === K / 2 ? 0 : sine;
      if (k && k < K / 2) data[(rows + f) * K + K - k] = -sine;
    }
  data[5 * K + 7]! += change;
  return { shape: [2 * rows, 1, K], data };
}

describe.each(backends)("on %s", (backend) => {
  test.each([
    ["waves", 0],
    ["nearly waves", 0.01],
  ])("kernels that are %s", (_, change) => {
    const w = waves(change);
    const random = new Random(5);
    for (const [size, stride, before] of [
      [100, 8, 0],
      [47, 5, 3],
    ] as const) {
      const x = random.tensor([2, 1, size]);
      const own: Case = {
        N: 2,
        C: 1,
        M: w.shape[0]!,
        groups: 1,
        axes: [axis(size, 32, stride, 1, before)],
      };
      const builder = new GraphBuilder();
      const inputs = [builder.input("x", x.shape), builder.constant(w)];
      const pads = [before, before];
      const y = builder.add("Conv", inputs, { strides: [stride], pads });
      builder.output(y, { name: "y" });
      const found = builder.build({ backend }).run({ x })["y"]!;
      const b = { shape: [own.M], data: new Float32Array(own.M) };
      const values = expected(own, false, x, w, b);
      expect(found.data.length).toBe(values.length);
      found.data.forEach((value, i) =>
        expect(Math.abs(value - values[i]!)).toBeLessThan(4e-6),
      );
    }
  });

  describe.each(["Conv", "ConvTranspose"])("%s", (type) => {
    test.each(Object.entries(cases))("%s", (_, own) => {
      const { N, C, M, groups, axes } = own;
      const transposed = type === "ConvTranspose";
      const random = new Random(11);
      const kernels = axes.map(({ kernel }) => kernel);
      const x = random.tensor([
        N,
        C,
        ...axes.map(transposed ? countOf : ({ size }) => size),
      ]);
      const w = random.tensor(
        transposed ? [C, M / groups, ...kernels] : [M, C / groups, ...kernels],
      );
      const b = random.tensor([M]);
      const attributes = {
        group: groups,
        strides: axes.map(({ stride }) => stride),
        dilations: axes.map(({ dilation }) => dilation),
        pads: [
          ...axes.map(({ before }) => before),
          ...axes.map(({ behind }) => behind),
        ],
        ...(transposed && {
          output_padding: axes.map(
            (a) =>
              a.size +
              a.before +
              a.behind -
              (countOf(a) - 1) * a.stride -
              (a.kernel - 1) * a.dilation -
              1,
          ),
        }),
      };
      const values = expected(own, transposed, x, w, b);
      const outputShape = [
        N,
        M,
        ...axes.map(transposed ? ({ size }) => size : countOf),
      ];
      for (const known of [true, false]) {
        const builder = new GraphBuilder();
        const given = (name: string, tensor: Tensor) =>
          known ? builder.constant(tensor) : builder.input(name, tensor.shape);
        const inputs = [
          builder.input("x", x.shape),
          given("w", w),
          given("b", b),
        ];
        builder.output(builder.add(type, inputs, attributes), { name: "y" });
        const graph = builder.build({ backend });
        const run = () => graph.run(known ? { x } : { x, w, b })["y"]!;
        const y = run();
        expect(y.shape).toEqual(outputShape);
        let worst = 0;
        values.forEach((value, i) => {
          worst = Math.max(worst, Math.abs(value - y.data[i]!));
        });
        expect(worst).toBeLessThan(2e-5);
        run();
        expect(countArrays(run)).toBe(1);
      }
    });
  });
});
