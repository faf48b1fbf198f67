import { useRoom } from "../integers";
import { Layer } from "../layer";
import { activate } from "../linear";
import { clearPadding, product, productPart } from "../product";
import { Run } from "../run";
import { laneMask, madd } from "../simd";

/*
 * A convolution over time. What an output step is made of, `taps` steps of x, `dilation` apart, is one row of a product
 * with panels:
 *
 *      x     [ .. | s | s+1 | s+2 | s+3 | .. ]        one step after another, inputWidth floats each
 *      row t      [ s | s+1 | s+2 ]                   taps 3, dilation 1: as it lies, so rows overlap
 *      row t      [ s | s+2 | s+4 ]                   dilation 2: gathered, BLOCK rows at a time
 *
 * Groups of whole panels are gathered too, each group's features by themselves. Smaller ones (depthwise) are summed lane
 * by lane of the outputs: panels of 16 outputs would be zeros but for one or two, and 0 · NaN would carry a NaN from
 * group to group.
 *
 * Where the layer has a past, the last steps of x before the chunk are its state, and are copied in front of it:
 *
 *      behind z    [ past | steps ] of one row of the call, then what is gathered
 */

/** Rows that are gathered at a time: enough for the product's tiles, few enough to stay in the first cache. */
const BLOCK = 16;


@unmanaged
class Conv1d extends Layer {
  /** Steps of x that an output step is made of, and how far apart they lie. */
  taps: i32;
  dilation: i32;
  /** Steps from one output step's first tap to the next one's. */
  stride: i32;
  /** Steps of x before the chunk that the state holds; 0: x has all that there is. */
  past: i32;
  inputSize: i32;
  groups: i32;
  /** Features of x that a group is made of. */
  groupInputs: i32;
  /** Panels of a group's outputs; 0: `input` are vectors [ bias | taps | .. ] of all outputs, whole quads each. */
  groupPanels: i32;
  /** Bytes of those panels. */
  groupBytes: i32;
}

/** Copies `count` rows of `floats` each, from one width in bytes to another. */
function copyRows(
  to: usize,
  toBytes: i32,
  from: usize,
  fromBytes: i32,
  floats: i32,
  count: i32,
): void {
  const bytes: i32 = floats << 2;
  if (toBytes == bytes && fromBytes == bytes) {
    memory.copy(to, from, count * bytes);
    return;
  }
  for (; count > 0; count--) {
    for (let i = 0; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
    to += toBytes;
    from += fromBytes;
  }
}

/** row ← the taps of a group's features, pair by pair. */
@inline
function gather(
  row: usize,
  x: usize,
  tapBytes: i32,
  taps: i32,
  bytes: i32,
): void {
  for (; taps > 0; taps--) {
    for (let i = 0; i < bytes; i += 8) store<u64>(row + i, load<u64>(x + i));
    row += bytes;
    x += tapBytes;
  }
}

/** z [count, 16 · panels] ← the sums of `count` output steps, whose first one's taps begin at x. */
function products(
  layer: Conv1d,
  x: usize,
  gathered: usize,
  z: usize,
  zStride: i32,
  count: i32,
): void {
  const width: i32 = layer.inputWidth;
  const taps = layer.taps;
  const groups = layer.groups;
  const panels = layer.groupPanels;
  const xStride: i32 = (layer.stride * width) << 2;
  if (groups == 1 && layer.dilation == 1) {
    const columns = taps * width;
    product(
      layer,
      layer.input,
      x,
      xStride,
      z,
      zStride,
      count,
      columns,
      panels,
      0,
    );
    return;
  }
  const own = groups == 1 ? width : layer.groupInputs;
  const tapBytes: i32 = (layer.dilation * width) << 2;
  const columns = taps * own;
  const rowBytes: i32 = columns << 2;
  for (; count > 0; count -= BLOCK) {
    const rows = min(count, BLOCK);
    for (let group = 0; group < groups; group++) {
      const from = x + ((group * own) << 2);
      for (let row = 0; row < rows; row++)
        gather(
          gathered + row * rowBytes,
          from + row * xStride,
          tapBytes,
          taps,
          own << 2,
        );
      const to = z + ((group * panels) << 6);
      productPart(
        layer,
        layer.input,
        group * panels,
        gathered,
        rowBytes,
        to,
        zStride,
        rows,
        columns,
        panels,
        0,
      );
    }
    x += BLOCK * xStride;
    z += BLOCK * zStride;
  }
}

/** The same, lane by lane; `spread`: room for a row of the outputs' inputs. */
function lanes(
  layer: Conv1d,
  x: usize,
  spread: usize,
  z: usize,
  zStride: i32,
  count: i32,
): void {
  const bytes: i32 = layer.outputQuads << 4;
  const width: i32 = layer.inputWidth << 2;
  const inputs = layer.groupInputs;
  const groups = layer.groups;
  const outputs = bytes - 16 + (layer.outputTail << 2);
  const groupBytes = outputs / groups;
  // one input an output: they lie as the outputs do
  const direct = inputs == 1 && groupBytes == 4;
  const mask = laneMask(layer.outputTail);
  const last = bytes - 16;
  for (; count > 0; count--) {
    let w = layer.input;
    memory.copy(z, w, bytes);
    w += bytes;
    let tap = x;
    for (let k = 0; k < layer.taps; k++) {
      for (let j = 0; j < inputs; j++) {
        let values = tap;
        if (!direct) {
          values = spread;
          let to = spread;
          for (let group = 0; group < groups; group++) {
            const value = load<f32>(tap + ((group * inputs + j) << 2));
            const end = to + groupBytes;
            for (; to < end; to += 4) store<f32>(to, value);
          }
        }
        for (let i = 0; i < bytes; i += 16) {
          const sum = madd(
            v128.load(w + i),
            v128.load(values + i),
            v128.load(z + i),
          );
          v128.store(z + i, sum);
        }
        w += bytes;
      }
      tap += layer.dilation * width;
    }
    // a softmax must not count the lanes behind the outputs, whose inputs are whatever lies there
    const tail = v128.bitselect(
      v128.load(z + last),
      f32x4.splat(-Infinity),
      mask,
    );
    v128.store(z + last, tail);
    x += layer.stride * width;
    z += zStride;
  }
}

/** y [rows, steps, outputStride] ← f(b + the sum over taps of W x). */
export function conv1d(run: Run): void {
  useRoom(run.integers);
  const layer = changetype<Conv1d>(run.layer);
  const steps = run.steps;
  const width: i32 = layer.inputWidth << 2;
  const past = layer.past;
  const inputBytes: i32 = layer.inputSize << 2;
  const stateBytes: i32 = (past * inputBytes + 15) & ~15;
  const zStride: i32 = layer.inputPanels << 6;
  const yStride: i32 = layer.outputStride;
  const z = run.z;
  const joined = z + steps * zStride;
  const given = past
    ? steps
    : (steps - 1) * layer.stride + (layer.taps - 1) * layer.dilation + 1;
  const joinedBytes: i32 = past ? (past + steps) * width : 0;
  const behind = joined + joinedBytes;
  let x = run.x;
  let y = run.y;
  let state = run.state0;
  for (let row = 0; row < run.rows; row++) {
    const length = run.lengths ? load<i32>(run.lengths + (row << 2)) : steps;
    let from = x;
    if (past) {
      from = joined;
      if (width > inputBytes) memory.fill(joined, 0, past * width);
      copyRows(joined, width, state, inputBytes, layer.inputSize, past);
      memory.copy(joined + past * width, x, length * width);
      copyRows(
        state,
        inputBytes,
        joined + length * width,
        width,
        layer.inputSize,
        past,
      );
    }
    if (layer.groupPanels) products(layer, from, behind, z, zStride, length);
    else lanes(layer, from, behind, z, zStride, length);
    for (let t = 0; t < length; t++) {
      const yt = y + t * yStride;
      activate(layer, z + t * zStride, yt);
      clearPadding(yt, layer.outputQuads, layer.outputTail);
    }
    x += given * width;
    y += steps * yStride;
    state += stateBytes;
  }
}
