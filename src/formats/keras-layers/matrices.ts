/*
 * Converts Keras's weights to PyTorch's layout.
 *
 *     Keras     kernel [I, G·H]   recurrent_kernel [H, G·H]   LSTM i f c o, one bias    GRU z r h, one bias or two
 *     PyTorch   weight_ih [G·H, I]   weight_hh [G·H, H]       LSTM i f g o, two biases  GRU r z n, two biases
 *
 * CuDNNLSTM and CuDNNGRU of Keras 2 keep cuDNN's matrices, which are PyTorch's, in arrays of Keras's shapes: a block
 * of H columns holds, row after row, the numbers of H rows.
 */
import type { Tensor } from "../../tensor.js";

/** [K, G·H] → [G·H, K], the blocks of H columns in the order that `gates` gives. */
export function transposed(
  { shape, data }: Tensor,
  gates: readonly number[],
): Tensor {
  const [K, rows] = shape as [number, number];
  const H = rows / gates.length;
  const moved = new Float32Array(data.length);
  gates.forEach((from, to) => {
    for (let h = 0; h < H; h++) {
      const row = (to * H + h) * K;
      for (let k = 0; k < K; k++)
        moved[row + k] = data[k * rows + from * H + h] as number;
    }
  });
  return { shape: [rows, K], data: moved };
}

/** The same for cuDNN's layout. */
export function fromCudnn(
  { shape, data }: Tensor,
  gates: readonly number[],
): Tensor {
  const [K, rows] = shape as [number, number];
  const H = rows / gates.length;
  const moved = new Float32Array(data.length);
  gates.forEach((from, to) => {
    for (let n = 0; n < K * H; n++) {
      // the block's n-th number, row after row
      const at = Math.floor(n / H) * rows + from * H + (n % H);
      moved[to * H * K + n] = data[at] as number;
    }
  });
  return { shape: [rows, K], data: moved };
}

/** G·H numbers, the blocks of H in the order that `gates` gives. */
export function reordered(
  data: Float32Array,
  gates: readonly number[],
): Tensor {
  const H = data.length / gates.length;
  const moved = new Float32Array(data.length);
  gates.forEach((from, to) => {
    moved.set(data.subarray(from * H, (from + 1) * H), to * H);
  });
  return { shape: [data.length], data: moved };
}
