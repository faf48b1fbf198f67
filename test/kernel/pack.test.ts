import { describe, expect, test } from "vitest";
import { linearCell } from "../../src/kernel/cells/linear.js";
import { forward } from "../../src/kernel/forward.js";
import { type Backend, createMachine } from "../../src/kernel/load.js";
import { Network, type StageSpec } from "../../src/kernel/network.js";
import { FORMATS } from "../../src/kernel/pack/index.js";
import {
  matrixBytes,
  type PanelMatrix,
  writeMatrix,
} from "../../src/kernel/pack/format.js";
import {
  BOTH,
  consecutive,
  INNER,
  PackedRows,
} from "../../src/kernel/pack/rows.js";
import { Conv1d, type Layer, LayerNorm, LSTM, RNN } from "../../src/index.js";
import { everything, generalEverything } from "../support/models.js";
import { Random } from "../support/random.js";

/*
 * One table for every weight format: what it writes, and the product that reads it. Errors are relative to the sum of the
 * products' sizes.
 */
const TOLERANCES: Record<keyof typeof FORMATS, number> = {
  f32: 2e-7,
  int8: 8e-3,
  "int8-fast": 2e-2,
};

/** Outputs and inputs: below a panel, whole tiles, several and a ragged rest. */
const SIZES = [
  [1, 1],
  [3, 2],
  [16, 4],
  [17, 5],
  [48, 33],
  [100, 64],
  [131, 130],
] as const;
/** Rows: one, pairs, a pair and one left over, many. */
const ROWS = [1, 2, 3, 8, 33];

describe.each(Object.keys(FORMATS) as (keyof typeof FORMATS)[])(
  "%s",
  (name) => {
    const format = FORMATS[name];

    /** y = W x + b by the kernel, float by float. */
    function product(
      backend: Backend,
      weight: Float32Array,
      bias: Float32Array,
      input: Float32Array,
      rows: number,
    ): Float32Array {
      const cell = linearCell({
        inputSize: input.length / rows,
        outputSize: bias.length,
        activation: "linear",
        format,
        weight: () => weight,
        bias: () => bias,
      });
      const stage: StageSpec = {
        cells: [cell],
        lastOnly: false,
        merge: "concat",
        inProcessingOrder: false,
      };
      const network = new Network([stage], backend);
      return forward(network, network.memory.end, {
        input,
        batch: 1,
        steps: rows,
        lengths: null,
        states: [],
        trace: null,
      }).output;
    }

    test.each(SIZES)("product, %i outputs of %i inputs", (outputs, inputs) => {
      const weight = new Random(1).floats(outputs * inputs);
      const bias = new Random(2).floats(outputs);
      for (const rows of ROWS) {
        const x = new Random(3).floats(rows * inputs);
        const simd = product("simd", weight, bias, x, rows);
        expect(simd).toEqual(product("js", weight, bias, x, rows));
        // by the dot product of bytes, where there is one
        if (format.integer)
          expect(product("relaxed", weight, bias, x, rows)).toEqual(simd);
        const off = simd.map((y, at) => {
          const row = Math.floor(at / outputs);
          const output = at % outputs;
          let sum = bias[output] as number;
          let size = Math.abs(sum);
          for (let i = 0; i < inputs; i++) {
            const term =
              (weight[output * inputs + i] as number) *
              (x[row * inputs + i] as number);
            sum += term;
            size += Math.abs(term);
          }
          return Math.abs(y - sum) / size;
        });
        expect(Math.max(...off), `${rows} rows`).toBeLessThan(TOLERANCES[name]);
      }
    });

    test("accumulating product, behind W x, ragged and whole", () => {
      for (const hiddenSize of [1, 16, 19, 70]) {
        const [simd, js] = (["simd", "js"] as const).map((backend) => {
          const layer = new RNN({
            inputSize: 5,
            hiddenSize,
            activations: ["linear"],
            seed: 0,
            precision: name === "f32" ? "float32" : name,
            backend,
          });
          const data = new Random(9).floats(3 * 4 * 5);
          return layer.forward({ shape: [3, 4, 5], data }).output.data;
        });
        expect(simd).toEqual(js);
      }
    });

    test("a panel written again changes no other, and all of its own", () => {
      const [units, inputs] = [37, 6];
      const weights = new Random(4).floats(units * inputs);
      const bias = new Random(5).floats(units);
      const matrix: PanelMatrix = {
        weights: () => weights,
        biasIh: () => bias,
        biasHh: () => null,
        stride: inputs,
        rows: new PackedRows(
          consecutive(units, [0], (_, row) => ({ row, bias: BOTH })),
        ),
        columns: Int32Array.of(0, 1, 2, 3, 4, 5, -1, -1),
        emptyBias: 0,
      };
      const address = 4096;
      const { memory } = createMachine("js");
      memory.ensure(address + matrixBytes(format, matrix) + 64);
      memory.f32.fill(Number.NaN);
      writeMatrix(format, memory, address, matrix);
      const bytes = () => new Uint8Array(memory.f32.buffer).slice();
      const before = bytes();
      const end = address + matrixBytes(format, matrix);
      expect(matrixBytes(format, matrix)).toBe(3 * format.panelBytes(8));
      expect(format.panelBytes(8) % 16).toBe(0);
      // what lies before and behind is as it was
      expect(memory.f32[(address >> 2) - 1]).toBeNaN();
      expect(memory.f32[end >> 2]).toBeNaN();
      weights.fill(0.25);
      bias.fill(3);
      format.writePanel(memory, address, matrix, 1);
      const after = bytes();
      const from = address + format.panelBytes(8);
      const to = from + format.panelBytes(8);
      expect(after.slice(0, from)).toEqual(before.slice(0, from));
      expect(after.slice(to)).toEqual(before.slice(to));
      expect(after.slice(from, to)).not.toEqual(before.slice(from, to));
      // panel by panel is the whole
      for (const panel of [2, 0])
        format.writePanel(memory, address, matrix, panel);
      const piecewise = bytes();
      writeMatrix(format, memory, address, matrix);
      expect(bytes()).toEqual(piecewise);
    });
  },
);

test("f32: rows that no unit has, columns of zeros, signs and biases", () => {
  const weights = Float32Array.of(1, 2, 3, 4, 5, 6);
  const matrix: PanelMatrix = {
    weights: () => weights,
    biasIh: () => Float32Array.of(10, 20),
    biasHh: () => Float32Array.of(1, 2),
    stride: 3,
    rows: new PackedRows([
      { row: 1, bias: BOTH, negated: true },
      null,
      { row: 0, bias: INNER },
    ]),
    columns: Int32Array.of(2, -1, 0, -1),
    emptyBias: -7,
  };
  const { memory } = createMachine("js");
  writeMatrix(FORMATS.f32, memory, 0, matrix);
  const lanes = (at: number) => Array.from(memory.f32.slice(at, at + 4));
  expect(lanes(0)).toEqual([-22, -7, 10, -7]);
  expect(lanes(16)).toEqual([-6, 0, 3, 0]);
  expect(lanes(32)).toEqual([0, 0, 0, 0]);
  expect(lanes(48)).toEqual([-4, 0, 1, 0]);
});

test("a cell's vectors are written whole, whatever lay there, and nothing beside them", () => {
  const layers: Layer[] = [
    ...everything,
    ...generalEverything,
    new LayerNorm({ size: 5 }),
    new LSTM({ inputSize: 2, hiddenSize: 5, peepholes: true, projSize: 3 }),
    new Conv1d({ inputSize: 3, outputSize: 3, kernelSize: 2, groups: 3 }),
  ];
  const vectors = layers.flatMap(({ cells }) =>
    cells.flatMap((cell) => cell.vectors),
  );
  expect(vectors.length).toBeGreaterThan(3);
  const start = 8;
  for (const { field, length, write } of vectors) {
    const on = (value: number) => {
      const target = new Float32Array(start + length + 8).fill(value);
      write(target, start);
      return target;
    };
    const [clean, dirty] = [on(0), on(7)];
    expect(dirty.slice(start, -8), field).toEqual(clean.slice(start, -8));
    const beside = [...dirty.slice(0, start), ...dirty.slice(-8)];
    expect(beside, field).toEqual(Array(16).fill(7));
  }
});
