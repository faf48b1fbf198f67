/*
 * What graphs compute of arrays on the kernel: against its definition in float64 on every backend, the bits of js and simd,
 * and the memory that it takes.
 */
import { describe, expect, test } from "vitest";
import {
  Arrays,
  type Operand,
  Planes,
  type PlanesFill,
  type PlanesSpec,
  Pointwise,
  type PointwiseName,
} from "../../src/kernel/arrays.js";
import { expectSameBits } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

/** Every sign and binade, subnormals, zeros, infinities and NaN among them. */
function everything(): Float32Array {
  const random = new Random(1);
  const bits: number[] = [0x7f800000, 0xff800000, 0x7fc00000];
  for (let exponent = 0; exponent < 255; exponent++)
    for (const sign of [0, 0x80000000])
      for (const mantissa of [0, 1, 0x7fffff, random.integer(0, 0x7fffff)])
        bits.push((sign | (exponent << 23) | mantissa) >>> 0);
  return new Float32Array(Uint32Array.from(bits).buffer);
}

const definitions: Record<PointwiseName, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  prelu: (a, b) => (a < 0 ? a * b : a),
  relu: (a) => (a < 0 ? 0 : a),
  square: (a) => a * a,
  sqrt: Math.sqrt,
  log: Math.log,
};
const names = Object.keys(definitions) as PointwiseName[];

describe.each(backends)("number by number on %s", (backend) => {
  test.each(names)("%s of every kind of number", (name) => {
    const a = everything();
    const b = a.slice().reverse();
    const arrays = new Arrays(backend);
    const operand = { size: a.length, row: a.length, single: false };
    const sizes = [1, a.length] as const;
    const f = new Pointwise(arrays, name, sizes, operand, operand);
    const y = new Float32Array(a.length);
    f.run(a, b, y);
    const expected = Float32Array.from(a, (x, i) =>
      definitions[name](x, b[i]!),
    );
    if (name === "log") {
      let worst = 0;
      y.forEach((value, i) => {
        const exact = Math.log(a[i]!);
        if (!Number.isFinite(exact)) expect(value).toBe(exact);
        else if (exact !== 0)
          worst = Math.max(worst, Math.abs(value / exact - 1));
      });
      expect(worst).toBeLessThan(1.3e-7);
    } else expect(y).toEqual(expected);
    arrays.dispose();
  });

  test("rows of any length under rows, rows that repeat, and single numbers", () => {
    const random = new Random(2);
    for (const [rows, columns] of [
      [1, 7],
      [5, 33],
      [16, 4],
      [3, 1],
    ] as const) {
      const kinds: Operand[] = [
        { size: rows * columns, row: columns, single: false },
        { size: columns, row: 0, single: false },
        { size: rows, row: 1, single: true },
        { size: 1, row: 0, single: true },
      ];
      for (const a of kinds)
        for (const b of kinds) {
          const arrays = new Arrays(backend);
          const f = new Pointwise(arrays, "subtract", [rows, columns], a, b);
          const [left, right] = [random.floats(a.size), random.floats(b.size)];
          const y = new Float32Array(rows * columns);
          f.run(left, right, y);
          const at = ({ row, single }: Operand, r: number, i: number) =>
            r * row + (single ? 0 : i);
          y.forEach((value, k) => {
            const [r, i] = [Math.floor(k / columns), k % columns];
            const exact = left[at(a, r, i)]! - right[at(b, r, i)]!;
            expect(value).toBe(Math.fround(exact));
          });
          arrays.dispose();
        }
    }
  });
});

test("number by number: js has the bits of simd", () => {
  const a = everything();
  const operand = { size: a.length, row: a.length, single: false };
  for (const name of names) {
    const [simd, js] = (["simd", "js"] as const).map((backend) => {
      const y = new Float32Array(a.length);
      const f = new Pointwise(
        new Arrays(backend),
        name,
        [1, a.length],
        operand,
        operand,
      );
      f.run(a, a.slice().reverse(), y);
      // all NaN are alike
      return y.map((value) => (Number.isNaN(value) ? NaN : value));
    });
    expectSameBits(js!, simd!);
  }
});

/** Sums of every size of tile: 1 to 4 outputs, 1 to 10 quads, over several rows. */
function randomSpec(random: Random): PlanesSpec {
  const groups = random.integer(1, 3);
  const outputs = random.integer(1, 5);
  const channels = random.integer(1, 3);
  const givenSize = random.integer(1, 40);
  const width = 60;
  const fills: PlanesFill[] = [];
  for (let at = 0; at + 20 <= width; at += 20) {
    const step = random.integer(1, 3);
    const own = random.integer(0, Math.floor(givenSize / step / 2));
    const before = random.integer(0, 20 - own);
    const from = random.integer(0, givenSize - own * step);
    const behind = 20 - before - own;
    fills.push({ at, before, from, own, behind, step });
  }
  const passes = Array.from({ length: random.integer(1, 2) }, () => {
    const taps = Array.from({ length: random.integer(0, 9) }, () =>
      random.integer(0, 10),
    );
    const count = random.integer(1, 40);
    return {
      outputs,
      taps,
      bias: random.floats(groups * outputs),
      weights: random.floats(groups * outputs * taps.length),
      starts: Array.from({ length: random.integer(1, 3) }, () =>
        random.integer(0, channels * width - 10 - count),
      ),
      count,
    };
  });
  return {
    groups,
    channels,
    inputSize: channels * width,
    givenSize,
    fills,
    passes,
  };
}

function planesOf(spec: PlanesSpec, given: Float32Array, arrays: Arrays) {
  const planes = new Planes(arrays, spec);
  planes.input.set(given);
  const y = planes.run();
  return planes.results.map(({ at, width, count, rows }, pass) => {
    const outputs = spec.groups * spec.passes[pass]!.outputs;
    const list: number[] = [];
    for (let row = 0; row < outputs * rows; row++)
      for (let i = 0; i < count; i++) list.push(y[at + row * width + i]!);
    return Float32Array.from(list);
  });
}

/** By its definition. */
function expectedOf(spec: PlanesSpec, given: Float32Array): number[][] {
  const { groups, channels, inputSize, givenSize } = spec;
  const x = new Float64Array(groups * inputSize);
  for (let c = 0; c < groups * channels; c++)
    for (const { at, before, from, own, step } of spec.fills ?? [])
      for (let i = 0; i < own; i++)
        x[(c * inputSize) / channels + at + before + i] =
          given[c * givenSize + from + i * step]!;
  return spec.passes.map(({ outputs, taps, weights, bias, starts, count }) => {
    const list: number[] = [];
    for (let m = 0; m < groups * outputs; m++)
      for (const start of starts)
        for (let i = 0; i < count; i++) {
          const first = Math.floor(m / outputs) * inputSize + start + i;
          list.push(
            taps.reduce(
              (sum, tap, k) =>
                sum + weights[m * taps.length + k]! * x[first + tap]!,
              bias[m]!,
            ),
          );
        }
    return list;
  });
}

describe.each(backends)("sums over windows on %s", (backend) => {
  test("are those of the definition, of whatever shape", () => {
    const random = new Random(3);
    for (let round = 0; round < 200; round++) {
      const spec = randomSpec(random);
      const { groups, channels, givenSize } = spec;
      const given = random.floats(groups * channels * givenSize);
      const arrays = new Arrays(backend);
      const found = planesOf(spec, given, arrays);
      expectedOf(spec, given).forEach((list, pass) =>
        list.forEach((value, i) =>
          expect(Math.abs(value - found[pass]![i]!)).toBeLessThan(2e-6),
        ),
      );
      arrays.dispose();
    }
  });

  test("a NaN stays in the sums that it is in", () => {
    const arrays = new Arrays(backend);
    const planes = new Planes(arrays, {
      groups: 2,
      channels: 1,
      inputSize: 7,
      givenSize: 5,
      fills: [{ at: 0, before: 1, from: 0, own: 5, behind: 1, step: 1 }],
      passes: [
        {
          outputs: 3,
          bias: new Float32Array(6),
          taps: [0, 1, 2],
          weights: new Float32Array(18).fill(1),
          starts: [0],
          count: 5,
        },
      ],
    });
    const given = new Float32Array(10).fill(1);
    given[2] = NaN;
    planes.input.set(given);
    const [first] = planes.results;
    const rows = Array.from({ length: 6 }, (_, m) =>
      Array.from(planes.run().subarray(m * first!.width, m * first!.width + 5)),
    );
    for (const row of rows.slice(0, 3))
      expect(row).toEqual([2, NaN, NaN, NaN, 2]);
    for (const row of rows.slice(3)) expect(row).toEqual([2, 3, 3, 3, 2]);
    arrays.dispose();
  });
});

test("sums over windows: js has the bits of simd", () => {
  const random = new Random(4);
  for (let round = 0; round < 100; round++) {
    const spec = randomSpec(random);
    const given = random.floats(spec.groups * spec.channels * spec.givenSize);
    const [simd, js] = (["simd", "js"] as const).map((backend) =>
      planesOf(spec, given, new Arrays(backend)),
    );
    js!.forEach((list, pass) => expectSameBits(list, simd![pass]!));
  }
});

test("blocks are given back one by one, by dispose, and with the garbage", () => {
  const kept = new Arrays("simd");
  const address = kept.take(1000);
  const { end } = kept.memory;
  const other = new Arrays("simd");
  expect(other.memory).toBe(kept.memory);
  const operand = { size: 8, row: 8, single: false };
  const f = new Pointwise(other, "add", [1, 8], operand, operand);
  other.take(5000);
  expect(kept.memory.end).toBeGreaterThan(end);
  f.release();
  other.dispose();
  other.dispose();
  expect(kept.memory.end).toBe(end);
  kept.give(address);
  kept.give(address);
  expect(kept.take(1000)).toBe(address);
  kept.dispose();
});

test("blocks that go with a graph are not given back again by those who let go of theirs after it", () => {
  const [kept, other] = [new Arrays("simd"), new Arrays("simd")];
  kept.take(64);
  const operand = { size: 8, row: 8, single: false };
  const f = new Pointwise(other, "add", [1, 8], operand, operand);
  const last = kept.take(64);
  other.dispose();
  // twice a hole, which two others would then have
  f.release();
  const addresses = [0, 1, 2, 3].map(() => kept.take(64));
  expect(new Set(addresses).size).toBe(4);
  expect(addresses).not.toContain(last);
  kept.dispose();
});
