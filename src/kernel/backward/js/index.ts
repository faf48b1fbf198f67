import { NUMBERS } from "../../fields.js";
import { activation } from "../../js/all-activations.js";
import { productF32 as product } from "../../js/product-f32.js";
import type { Memory } from "../../memory.js";
import type { TrainKernel } from "../contract.js";
import { Cell } from "./cell.js";
import { gruBackward, gruForward } from "./gru.js";
import { lstmBackward, lstmForward } from "./lstm.js";
import { rnnBackward, rnnForward } from "./rnn.js";
import { slope } from "./slopes.js";
import { weightGradient } from "./weight-gradient.js";

const FORWARD: Readonly<Record<number, (cell: Cell) => void>> = {
  [NUMBERS.RNN]: rnnForward,
  [NUMBERS.LSTM]: lstmForward,
  [NUMBERS.GRU]: gruForward,
};
const BACKWARD: typeof FORWARD = {
  [NUMBERS.RNN]: rnnBackward,
  [NUMBERS.LSTM]: lstmBackward,
  [NUMBERS.GRU]: gruBackward,
};

/** The training kernel in plain JavaScript, with the bits of the simd binary. Each file here is its namesake in assembly/train. */
export function createJsTrainKernel(memory: Memory): TrainKernel {
  const slotAt = (address: number) => {
    const at = address >> 2;
    return {
      number: memory.i32[at] as number,
      a: memory.f32[at + 1] as number,
      b: memory.f32[at + 2] as number,
    };
  };
  return {
    product(w, x, xStride, z, zStride, rows, k, panels, accumulate) {
      product(
        memory.f32,
        w >> 2,
        x >> 2,
        xStride >> 2,
        z >> 2,
        zStride >> 2,
        rows,
        k,
        panels,
        accumulate !== 0,
      );
    },
    weightGradient(x, xStride, k, da, daStride, panels, to, rows, scratch) {
      weightGradient(
        memory.f32,
        x >> 2,
        xStride >> 2,
        k,
        da >> 2,
        daStride >> 2,
        panels,
        to >> 2,
        rows,
        scratch >> 2,
      );
    },
    forward(address) {
      const cell = new Cell(memory, address);
      FORWARD[cell.kind]?.(cell);
    },
    backward(address) {
      const cell = new Cell(memory, address);
      BACKWARD[cell.kind]?.(cell);
    },
    add(to, from, bytes) {
      const { f32 } = memory;
      for (let i = 0; i < bytes >> 2; i++)
        f32[(to >> 2) + i] =
          (f32[(to >> 2) + i] as number) + (f32[(from >> 2) + i] as number);
    },
    bend(slot, x, y, bytes) {
      const { f32 } = memory;
      f32.copyWithin(y >> 2, x >> 2, (x + bytes) >> 2);
      activation(slotAt(slot), f32, y >> 2, bytes >> 2);
    },
    unbend(slot, x, y, dy, dx, bytes) {
      const { f32 } = memory;
      const form = slotAt(slot);
      for (let i = 0; i < bytes >> 2; i++) {
        const bent = f32[(y >> 2) + i] as number;
        const by = slope(form, f32[(x >> 2) + i] as number, bent);
        f32[(dx >> 2) + i] = (f32[(dy >> 2) + i] as number) * by;
      }
    },
  };
}
