import { logarithm } from "./logarithm";

/*
 * What graphs compute number by number. Rows of a and b are as long as those of y, or one number for the whole row; a may
 * be alone. Rows need not be whole quads: they are written in order, and each begins over what the one before it wrote too
 * much.
 */

/* The functions, as src/kernel/pointwise.ts numbers them. */
const ADD = 0;
const SUBTRACT = 1;
const MULTIPLY = 2;
const DIVIDE = 3;
const PRELU = 4;
const RELU = 5;
const SQUARE = 6;
const SQRT = 7;
const LOG = 8;


@unmanaged
class Pointwise {
  code: i32;
  y: usize;
  a: usize;
  b: usize;
  rows: i32;
  /** Floats of a row of y. */
  columns: i32;
  /** Bytes from one row to the next. */
  aRow: i32;
  bRow: i32;
  /** Not 0: the rows of a, or of b, are one number. */
  aSingle: i32;
  bSingle: i32;
  /** Room for a quad of each. */
  quadA: usize;
  quadB: usize;
}

/** y ← f(a, b) over `bytes`; a and b go on by 16 or by 0 bytes. */
function row(
  code: i32,
  y: usize,
  a: usize,
  aStep: i32,
  b: usize,
  bStep: i32,
  bytes: i32,
): void {
  const end = y + bytes;
  switch (code) {
    case ADD:
      for (; y < end; y += 16, a += aStep, b += bStep)
        v128.store(y, f32x4.add(v128.load(a), v128.load(b)));
      return;
    case SUBTRACT:
      for (; y < end; y += 16, a += aStep, b += bStep)
        v128.store(y, f32x4.sub(v128.load(a), v128.load(b)));
      return;
    case MULTIPLY:
      for (; y < end; y += 16, a += aStep, b += bStep)
        v128.store(y, f32x4.mul(v128.load(a), v128.load(b)));
      return;
    case DIVIDE:
      for (; y < end; y += 16, a += aStep, b += bStep)
        v128.store(y, f32x4.div(v128.load(a), v128.load(b)));
      return;
    case PRELU:
      for (; y < end; y += 16, a += aStep, b += bStep) {
        const x = v128.load(a);
        const scaled = f32x4.mul(x, v128.load(b));
        const below = f32x4.lt(x, f32x4.splat(0));
        v128.store(y, v128.bitselect(scaled, x, below));
      }
      return;
    case RELU:
      for (; y < end; y += 16, a += aStep)
        v128.store(y, f32x4.pmax(v128.load(a), f32x4.splat(0)));
      return;
    case SQUARE:
      for (; y < end; y += 16, a += aStep) {
        const x = v128.load(a);
        v128.store(y, f32x4.mul(x, x));
      }
      return;
    case SQRT:
      for (; y < end; y += 16, a += aStep)
        v128.store(y, f32x4.sqrt(v128.load(a)));
      return;
    case LOG:
      for (; y < end; y += 16, a += aStep)
        v128.store(y, logarithm(v128.load(a)));
      return;
  }
}

/** y [rows, columns] ← f(a, b). */
export function pointwise(address: usize): void {
  const call = changetype<Pointwise>(address);
  const bytes: i32 = call.columns << 2;
  let y = call.y;
  let a = call.a;
  let b = call.b;
  for (let left = call.rows; left > 0; left--) {
    let p = a;
    let q = b;
    if (call.aSingle) {
      p = call.quadA;
      v128.store(p, v128.load32_splat(a));
    }
    if (call.bSingle) {
      q = call.quadB;
      v128.store(q, v128.load32_splat(b));
    }
    row(
      call.code,
      y,
      p,
      call.aSingle ? 0 : 16,
      q,
      call.bSingle ? 0 : 16,
      bytes,
    );
    y += bytes;
    a += call.aRow;
    b += call.bRow;
  }
}
