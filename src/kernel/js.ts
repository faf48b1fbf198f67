import {
  type Activation,
  ACTIVATIONS,
  Field,
  type Kernel,
  type Pass,
} from "./contract.js";
import type { Memory } from "./memory.js";

/*
 * The kernel in plain JavaScript: the same panels, the same order of every sum, rounded to float32 after every
 * operation (Math.fround costs nothing: engines compile it to float32 arithmetic), hence the same bits as the
 * simd binary. It serves hosts without WebAssembly and is the oracle of the tests. The drawings are in assembly/;
 * here an index counts floats where the binaries count bytes.
 */

const fround = Math.fround;

const LOG2E = fround(1.4426950408889634);
const TWO_LOG2E = fround(2.8853900817779268);
const ROUNDER = 12582912;
const P0 = fround(0.6931471228599548);
const P1 = fround(0.24022351205348969);
const P2 = fround(0.05550500378012657);
const P3 = fround(0.009666245430707932);
const P4 = fround(0.0013333539245650172);

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

function clamp(a: number): number {
  const low = a < -126 ? -126 : a;
  return low > 126 ? 126 : low;
}

/** 2^n for the integer n = rounded - ROUNDER. */
function scale(rounded: number): number {
  float[0] = rounded;
  bits[0] = ((bits[0] as number) << 23) + 0x3f800000;
  return float[0] as number;
}

function polynomial(r: number): number {
  const r2 = fround(r * r);
  const high = fround(fround(P4 * r2) + fround(fround(P3 * r) + P2));
  return fround(fround(high * r2) + fround(fround(P1 * r) + P0));
}

function tanh(x: number): number {
  const a = clamp(fround(x * TWO_LOG2E));
  const rounded = fround(a + ROUNDER);
  const s = scale(rounded);
  const r = fround(a - fround(rounded - ROUNDER));
  const m = fround(fround(fround(s * r) * polynomial(r)) + fround(s - 1));
  return fround(m / fround(m + 2));
}

function exp(x: number): number {
  const a = clamp(fround(x * LOG2E));
  const rounded = fround(a + ROUNDER);
  const s = scale(rounded);
  const r = fround(a - fround(rounded - ROUNDER));
  return fround(fround(fround(s * r) * polynomial(r)) + s);
}

function sigmoid(x: number): number {
  const e = exp(x);
  return fround(e / fround(e + 1));
}

/** Sums of one quad (4 outputs) of a panel `width` wide over k inputs, added to those at `from`, left in `to`. */
function quadSums(
  f32: Float32Array,
  w: number,
  width: number,
  x: number,
  k: number,
  from: number,
  to: Float32Array,
  at: number,
): void {
  let s0 = f32[from] as number;
  let s1 = f32[from + 1] as number;
  let s2 = f32[from + 2] as number;
  let s3 = f32[from + 3] as number;
  const end = x + k;
  for (let a = w + width; x < end; x += 2, a += 2 * width) {
    const b = a + width;
    const x0 = f32[x] as number;
    const x1 = f32[x + 1] as number;
    s0 = fround(
      s0 +
        fround(
          fround((f32[a] as number) * x0) + fround((f32[b] as number) * x1),
        ),
    );
    s1 = fround(
      s1 +
        fround(
          fround((f32[a + 1] as number) * x0) +
            fround((f32[b + 1] as number) * x1),
        ),
    );
    s2 = fround(
      s2 +
        fround(
          fround((f32[a + 2] as number) * x0) +
            fround((f32[b + 2] as number) * x1),
        ),
    );
    s3 = fround(
      s3 +
        fround(
          fround((f32[a + 3] as number) * x0) +
            fround((f32[b + 3] as number) * x1),
        ),
    );
  }
  to[at] = s0;
  to[at + 1] = s1;
  to[at + 2] = s2;
  to[at + 3] = s3;
}

/** z [rows, 16 · panels] ← bias + x [rows, k] W, or, accumulating, z + x W. */
function product(
  f32: Float32Array,
  w: number,
  x: number,
  xStride: number,
  z: number,
  zStride: number,
  rows: number,
  k: number,
  panels: number,
  accumulate: boolean,
): void {
  for (let panel = 0; panel < panels; panel++, w += 16 * (k + 1), z += 16) {
    for (let row = 0; row < rows; row++) {
      for (let lane = 0; lane < 16; lane += 4) {
        const at = z + row * zStride + lane;
        quadSums(
          f32,
          w + lane,
          16,
          x + row * xStride,
          k,
          accumulate ? at : w + lane,
          f32,
          at,
        );
      }
    }
  }
}

/** One row's softmax; sums by lanes of four, as the vector code does. */
function softmax(f32: Float32Array, z: number, y: number, lanes: number): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < lanes; i++) most = Math.max(most, f32[z + i] as number);
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < lanes; i++) {
    const e = exp(fround((f32[z + i] as number) - most));
    f32[y + i] = e;
    sums[i & 3] = fround((sums[i & 3] as number) + e);
  }
  const [a, b, c, d] = sums as [number, number, number, number];
  const sum = fround(fround(a + c) + fround(b + d));
  for (let i = 0; i < lanes; i++)
    f32[y + i] = fround((f32[y + i] as number) / sum);
}

function activate(
  f32: Float32Array,
  z: number,
  y: number,
  lanes: number,
  activation: Activation,
): void {
  if (activation === "tanh")
    for (let i = 0; i < lanes; i++) f32[y + i] = tanh(f32[z + i] as number);
  else if (activation === "sigmoid")
    for (let i = 0; i < lanes; i++) f32[y + i] = sigmoid(f32[z + i] as number);
  else if (activation === "softmax") softmax(f32, z, y, lanes);
  else if (activation === "relu") {
    for (let i = 0; i < lanes; i++)
      f32[y + i] = (f32[z + i] as number) < 0 ? 0 : (f32[z + i] as number);
  } else f32.copyWithin(y, z, z + lanes);
}

/** What every pass reads off the record, in floats. */
function read({ i32 }: Memory, layer: number) {
  const field = (name: keyof typeof Field) =>
    i32[(layer >> 2) + Field[name]] as number;
  return {
    input: field("input") >> 2,
    recurrent: field("recurrent") >> 2,
    second: field("second") >> 2,
    inputWidth: field("inputWidth"),
    panels: field("inputPanels"),
    zStride: field("inputPanels") * 16,
    yStride: field("outputStride") >> 2,
    hidden: field("hiddenQuads") * 4,
    output: field("outputQuads") * 4,
    hiddenSize: field("hiddenQuads") * 4 - 4 + field("hiddenTail"),
    outputSize: field("outputQuads") * 4 - 4 + field("outputTail"),
    reverse: field("reverse") !== 0,
    activation: ACTIVATIONS[field("activation")] as Activation,
  };
}
type Layer = ReturnType<typeof read>;

/** One step of the first `active` rows: the sums of z at `z`, the outputs at `y`, the state at h and c. */
type Step = (f32: Float32Array, layer: Layer, at: StepPlace) => void;
interface StepPlace {
  readonly z: number;
  readonly zRow: number;
  readonly y: number;
  readonly yRow: number;
  readonly h: number;
  readonly c: number;
  readonly active: number;
  readonly scratch: number;
  readonly trace: number;
}

function rnnStep(
  f32: Float32Array,
  layer: Layer,
  { z, zRow, y, yRow, h, active }: StepPlace,
): void {
  const { output } = layer;
  product(
    f32,
    layer.recurrent,
    h,
    output,
    z,
    zRow,
    active,
    output,
    layer.panels,
    true,
  );
  for (let row = 0; row < active; row++)
    activate(f32, z + row * zRow, y + row * yRow, output, layer.activation);
}

const sums = new Float32Array(16);

function lstmStep(f32: Float32Array, layer: Layer, place: StepPlace): void {
  const { hidden, output } = layer;
  const { scratch, active } = place;
  const m = layer.second ? scratch : place.y;
  const mRow = layer.second ? hidden : place.yRow;
  for (let row = 0; row < active; row++) {
    const h = place.h + row * output;
    let w = layer.recurrent;
    let z = place.z + row * place.zRow;
    let trace = place.trace;
    for (
      let quad = 0;
      quad < hidden;
      quad += 4, w += 16 * (output + 1), z += 16
    ) {
      for (let gate = 0; gate < 16; gate += 4)
        quadSums(f32, w + gate, 16, h, output, z + gate, sums, gate);
      const c = place.c + row * hidden + quad;
      for (let lane = 0; lane < 4; lane++) {
        const i = sigmoid(sums[lane] as number);
        const f = sigmoid(sums[lane + 4] as number);
        const g = tanh(sums[lane + 8] as number);
        const o = sigmoid(sums[lane + 12] as number);
        const cell = fround(
          fround(f * (f32[c + lane] as number)) + fround(i * g),
        );
        f32[c + lane] = cell;
        f32[m + row * mRow + quad + lane] = fround(o * tanh(cell));
        if (!trace) continue;
        f32[trace + lane] = i;
        f32[trace + lane + 4] = f;
        f32[trace + lane + 8] = g;
        f32[trace + lane + 12] = o;
        f32[trace + lane + 16] = cell;
      }
      if (trace) trace += 20;
    }
  }
  if (!layer.second) return;
  const panels = Math.ceil(output / 16);
  const projected = m + active * hidden;
  for (let row = 0; row < active; row++)
    f32.fill(0, m + row * mRow + layer.hiddenSize, m + (row + 1) * mRow);
  product(
    f32,
    layer.second,
    m,
    hidden,
    projected,
    panels * 16,
    active,
    hidden,
    panels,
    false,
  );
  for (let row = 0; row < active; row++) {
    const from = projected + row * panels * 16;
    f32.copyWithin(place.y + row * place.yRow, from, from + output);
  }
}

/** h' and, when traced, the gates of one unit. */
function gruUpdate(
  f32: Float32Array,
  r: number,
  u: number,
  n: number,
  h: number,
  y: number,
  trace: number,
): void {
  f32[y] = fround(fround(u * (f32[h] as number)) + fround(fround(1 - u) * n));
  if (!trace) return;
  f32[trace] = r;
  f32[trace + 4] = u;
  f32[trace + 8] = n;
}

function gruAfterStep(f32: Float32Array, layer: Layer, place: StepPlace): void {
  const { output } = layer;
  for (let row = 0; row < place.active; row++) {
    const h = place.h + row * output;
    const y = place.y + row * place.yRow;
    let w = layer.recurrent;
    let z = place.z + row * place.zRow;
    let trace = place.trace;
    for (
      let quad = 0;
      quad < output;
      quad += 4, w += 12 * (output + 1), z += 12
    ) {
      quadSums(f32, w, 12, h, output, z, sums, 0);
      quadSums(f32, w + 4, 12, h, output, z + 4, sums, 4);
      quadSums(f32, w + 8, 12, h, output, w + 8, sums, 8);
      for (let lane = 0; lane < 4; lane++) {
        const r = sigmoid(sums[lane] as number);
        const u = sigmoid(sums[lane + 4] as number);
        const n = tanh(
          fround(
            fround(r * (sums[lane + 8] as number)) +
              (f32[z + 8 + lane] as number),
          ),
        );
        gruUpdate(
          f32,
          r,
          u,
          n,
          h + quad + lane,
          y + quad + lane,
          trace && trace + lane,
        );
      }
      if (trace) trace += 12;
    }
  }
}

function gruBeforeStep(
  f32: Float32Array,
  layer: Layer,
  place: StepPlace,
): void {
  const { output } = layer;
  const { h, z, zRow, y, yRow, active, scratch } = place;
  const gatePanels = Math.ceil(output / 8);
  const candidate = gatePanels * 16;
  product(
    f32,
    layer.recurrent,
    h,
    output,
    z,
    zRow,
    active,
    output,
    gatePanels,
    true,
  );
  for (let row = 0; row < active; row++) {
    for (let i = 0; i < output; i++) {
      const at = z + row * zRow + i;
      const r = sigmoid(f32[at] as number);
      f32[at] = r;
      f32[scratch + row * output + i] =
        i < layer.outputSize
          ? fround(r * (f32[h + row * output + i] as number))
          : 0;
    }
  }
  product(
    f32,
    layer.second,
    scratch,
    output,
    z + candidate,
    zRow,
    active,
    output,
    Math.ceil(output / 16),
    true,
  );
  for (let row = 0; row < active; row++) {
    for (let i = 0; i < output; i++) {
      const at = z + row * zRow + i;
      const u = sigmoid(f32[at + output] as number);
      const n = tanh(f32[at + candidate] as number);
      const trace = place.trace && place.trace + (i >> 2) * 12 + (i & 3);
      gruUpdate(
        f32,
        f32[at] as number,
        u,
        n,
        h + row * output + i,
        y + row * yRow + i,
        trace,
      );
    }
  }
}

/** Projects the rows' steps of this chunk; how many there are of row `row` says `length`. */
function project(
  f32: Float32Array,
  layer: Layer,
  x: number,
  z: number,
  rows: number,
  steps: number,
  length: (row: number) => number,
): void {
  const { input, inputWidth, zStride, panels } = layer;
  for (let row = 0; row < rows; row++) {
    const xRow = x + row * steps * inputWidth;
    product(
      f32,
      input,
      xRow,
      inputWidth,
      z + row * steps * zStride,
      zStride,
      length(row),
      inputWidth,
      panels,
      false,
    );
  }
}

export function createJsKernel(memory: Memory): Kernel {
  const lengthOf = (lengths: number, steps: number) => (row: number) =>
    lengths ? (memory.i32[(lengths >> 2) + row] as number) : steps;

  const timeLoop =
    (step: Step, tracedFloats: number): Pass =>
    (record, x, z, y, h, c, lengths, rows, steps, trace) => {
      const { f32 } = memory;
      const layer = read(memory, record);
      const length = lengthOf(lengths, steps);
      project(f32, layer, x >> 2, z >> 2, rows, steps, length);
      const zRow = steps * layer.zStride;
      const yRow = steps * layer.yStride;
      for (let s = 0; s < steps; s++) {
        const t = layer.reverse ? steps - 1 - s : s;
        let active = rows;
        while (active > 0 && length(active - 1) <= t) active--;
        const yt = (y >> 2) + t * layer.yStride;
        const traced =
          trace && (trace >> 2) + t * (layer.hidden / 4) * tracedFloats;
        const scratch = (z >> 2) + rows * zRow;
        const place = {
          z: (z >> 2) + t * layer.zStride,
          zRow,
          y: yt,
          yRow,
          h: h >> 2,
          c: c >> 2,
          active,
          scratch,
          trace: traced,
        };
        step(f32, layer, place);
        for (let row = 0; row < active; row++) {
          const from = yt + row * yRow;
          f32.fill(0, from + layer.outputSize, from + layer.output);
          f32.copyWithin(
            (h >> 2) + row * layer.output,
            from,
            from + layer.output,
          );
        }
      }
    };

  const gruAfter = timeLoop(gruAfterStep, 12);
  const gruBefore = timeLoop(gruBeforeStep, 12);
  return {
    linear(record, x, z, y, _h, _c, lengths, rows, steps) {
      const { f32 } = memory;
      const layer = read(memory, record);
      const length = lengthOf(lengths, steps);
      project(f32, layer, x >> 2, z >> 2, rows, steps, length);
      for (let row = 0; row < rows; row++) {
        for (let t = 0; t < length(row); t++) {
          const at = row * steps + t;
          const to = (y >> 2) + at * layer.yStride;
          activate(
            f32,
            (z >> 2) + at * layer.zStride,
            to,
            layer.output,
            layer.activation,
          );
          f32.fill(0, to + layer.outputSize, to + layer.output);
        }
      }
    },
    rnn: timeLoop(rnnStep, 0),
    lstm: timeLoop(lstmStep, 20),
    gru(record, ...rest) {
      const before = memory.i32[(record >> 2) + Field.second] !== 0;
      (before ? gruBefore : gruAfter)(record, ...rest);
    },
  };
}
