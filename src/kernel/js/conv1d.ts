import type { Pass } from "../contract.js";
import { LAYER } from "../fields.js";
import type { Memory } from "../memory.js";
import { lanesOf } from "../sizes.js";
import { Fields, LayerRecord, layersOf } from "./layer.js";
import { activate } from "./linear.js";
import { product } from "./product.js";
import { Run } from "./run.js";

/** The fields of its record: class Conv1d in assembly/layers/conv1d.ts. */
export const CONV1D = [
  ...LAYER,
  "taps",
  "dilation",
  "stride",
  "past",
  "inputSize",
  "groups",
  "groupInputs",
  "groupPanels",
  "groupBytes",
] as const;

/** The number of rows gathered at a time. */
export const BLOCK = 16;

class Conv1dRecord extends LayerRecord {
  readonly taps: number;
  readonly dilation: number;
  readonly stride: number;
  readonly past: number;
  readonly inputSize: number;
  readonly groups: number;
  readonly groupInputs: number;
  readonly groupPanels: number;
  readonly groupFloats: number;

  constructor(memory: Memory, address: number) {
    super(memory, address);
    const fields = new Fields(memory, address, CONV1D);
    this.taps = fields.int("taps");
    this.dilation = fields.int("dilation");
    this.stride = fields.int("stride");
    this.past = fields.int("past");
    this.inputSize = fields.int("inputSize");
    this.groups = fields.int("groups");
    this.groupInputs = fields.int("groupInputs");
    this.groupPanels = fields.int("groupPanels");
    this.groupFloats = fields.index("groupBytes");
  }
}

/** z [count, 16 · panels] ← the sums of `count` output steps; the taps of the first begin at x. */
function products(
  f32: Float32Array,
  layer: Conv1dRecord,
  x: number,
  gathered: number,
  z: number,
  count: number,
): void {
  const { inputWidth, taps, groups, dilation, zStride, groupPanels } = layer;
  const xStride = layer.stride * inputWidth;
  const sums = (
    w: number,
    from: number,
    stride: number,
    to: number,
    rows: number,
    columns: number,
  ) =>
    product(
      f32,
      layer,
      w,
      from,
      stride,
      to,
      zStride,
      rows,
      columns,
      groupPanels,
      false,
      layer.input,
    );
  if (groups === 1 && dilation === 1) {
    sums(layer.input, x, xStride, z, count, taps * inputWidth);
    return;
  }
  const own = groups === 1 ? inputWidth : layer.groupInputs;
  const columns = taps * own;
  for (let start = 0; start < count; start += BLOCK) {
    const rows = Math.min(count - start, BLOCK);
    for (let group = 0; group < groups; group++) {
      let to = gathered;
      for (let row = 0; row < rows; row++) {
        let from = x + (start + row) * xStride + group * own;
        for (let tap = 0; tap < taps; tap++) {
          f32.copyWithin(to, from, from + own);
          to += own;
          from += dilation * inputWidth;
        }
      }
      const w = layer.input + group * layer.groupFloats;
      const at = z + start * zStride + group * groupPanels * 16;
      sums(w, gathered, columns, at, rows, columns);
    }
  }
}

/** The same, one lane of the outputs after another. */
function lanes(
  f32: Float32Array,
  layer: Conv1dRecord,
  x: number,
  z: number,
  count: number,
): void {
  const { inputWidth, taps, dilation, groupInputs, output, outputSize } = layer;
  const groupOutputs = outputSize / layer.groups;
  for (let t = 0; t < count; t++) {
    const from = x + t * layer.stride * inputWidth;
    const to = z + t * layer.zStride;
    let w = layer.input;
    f32.copyWithin(to, w, w + output);
    for (let tap = 0; tap < taps; tap++) {
      for (let j = 0; j < groupInputs; j++) {
        w += output;
        for (let i = 0; i < outputSize; i++) {
          const group = Math.floor(i / groupOutputs);
          const at = from + tap * dilation * inputWidth;
          const value = f32[at + group * groupInputs + j] as number;
          const scaled = Math.fround((f32[w + i] as number) * value);
          f32[to + i] = scaled + (f32[to + i] as number);
        }
      }
    }
    f32.fill(Number.NEGATIVE_INFINITY, to + outputSize, to + output);
  }
}

/** Copies rows of one width to rows of another. */
function copyRows(
  f32: Float32Array,
  to: number,
  toWidth: number,
  from: number,
  fromWidth: number,
  floats: number,
  count: number,
): void {
  for (let row = 0; row < count; row++) {
    const start = from + row * fromWidth;
    f32.copyWithin(to + row * toWidth, start, start + floats);
  }
}

/** y [rows, steps, yStride] ← f(b + the sum of W x over the taps). */
export function conv1dKernel(memory: Memory): Pass {
  const layerAt = layersOf(memory, Conv1dRecord);
  const run = new Run(memory);
  return (address) => {
    const { f32, x, y, z, rows, steps, state0 } = run.read(address);
    const layer = layerAt(run.layer);
    const { inputWidth, inputSize, past, zStride, output, outputSize } = layer;
    const joined = z + steps * zStride;
    const span = (layer.taps - 1) * layer.dilation + 1;
    const given = past ? steps : (steps - 1) * layer.stride + span;
    const behind = joined + (past ? (past + steps) * inputWidth : 0);
    for (let row = 0; row < rows; row++) {
      const length = run.length(row);
      const own = x + row * given * inputWidth;
      let from = own;
      if (past) {
        const state = state0 + row * lanesOf(past * inputSize);
        const now = joined + past * inputWidth;
        from = joined;
        f32.fill(0, joined, now);
        copyRows(f32, joined, inputWidth, state, inputSize, inputSize, past);
        f32.copyWithin(now, own, own + length * inputWidth);
        const left = joined + length * inputWidth;
        copyRows(f32, state, inputSize, left, inputWidth, inputSize, past);
      }
      if (layer.groupPanels) products(f32, layer, from, behind, z, length);
      else lanes(f32, layer, from, z, length);
      for (let t = 0; t < length; t++) {
        const to = y + (row * steps + t) * layer.yStride;
        activate(f32, layer, z + t * zStride, to);
        f32.fill(0, to + outputSize, to + output);
      }
    }
  };
}
