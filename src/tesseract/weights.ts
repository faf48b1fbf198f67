import type { Matrix } from "../formats/tesseract/read.js";
import type { StateDict, Tensor } from "../index.js";
import type { IntegerTensor } from "../integers.js";

/** Columns `from` up to `to` of matrices stacked vertically; with integers if the file has integers for all of them. */
function columns(
  matrices: readonly Matrix[],
  from: number,
  to: number,
): Tensor | IntegerTensor {
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  const shape = [rows, to - from];
  const data = new Float32Array(rows * (to - from));
  const values = new Int8Array(data.length);
  const scales = new Float32Array(rows);
  let row = 0;
  for (const { rows: own, columns: width, data: numbers, integers } of matrices)
    for (let index = 0; index < own; index++, row++) {
      const [start, end] = [index * width + from, index * width + to];
      data.set(numbers.subarray(start, end), row * (to - from));
      if (!integers) continue;
      values.set(integers.values.subarray(start, end), row * (to - from));
      scales[row] = integers.scales[index] as number;
    }
  const all = matrices.every(({ integers }) => integers);
  return all ? { shape, data, integers: { values, scales } } : { shape, data };
}

const vector = ({ data }: Tensor): Tensor => ({ shape: [data.length], data });

/** The state dict of a Linear from matrices stacked vertically, whose last column is the bias. */
export function linearDict(matrices: readonly Matrix[], inputs: number) {
  const [{ columns: width }] = matrices as [Matrix];
  return {
    weight: columns(matrices, 0, inputs),
    bias: vector(columns(matrices, width - 1, width)),
  } satisfies StateDict;
}

/** The `size` recurrent columns from column `from` on. */
export const recurrent = (
  matrices: readonly Matrix[],
  from: number,
  size: number,
): Tensor => columns(matrices, from, from + size);

/** The state dict of an LSTM: the file's gates are g i f o, PyTorch's i f g o. */
export function lstmDict(
  matrices: readonly Matrix[],
  inputs: number,
): StateDict {
  const [g, i, f, o] = matrices as [Matrix, Matrix, Matrix, Matrix];
  const gates = [i, f, g, o];
  const { weight, bias } = linearDict(gates, inputs);
  return {
    weight_ih_l0: weight,
    weight_hh_l0: recurrent(gates, inputs, g.rows),
    bias_ih_l0: bias,
    bias_hh_l0: { shape: bias.shape, data: new Float32Array(bias.data.length) },
  };
}
