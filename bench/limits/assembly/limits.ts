// @ts-nocheck: AssemblyScript, compiled by bench/limits.mjs with the kernel's own options.

/*
 * What this machine can do at most from WebAssembly, one thread: multiply-adds in registers, and reading memory.
 * Each is written in the shapes that may come closest; the best of them is the limit.
 */

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** `rounds` × 8 multiply-adds, each on its own chain: s ← s · x + y. */
export function chains8(at: usize, rounds: i32): void {
  const x = v128.load(at);
  const y = v128.load(at, 16);
  let a = x;
  let b = y;
  let c = x;
  let d = y;
  let e = x;
  let f = y;
  let g = x;
  let h = y;
  for (; rounds > 0; rounds--) {
    a = madd(a, x, y);
    b = madd(b, x, y);
    c = madd(c, x, y);
    d = madd(d, x, y);
    e = madd(e, x, y);
    f = madd(f, x, y);
    g = madd(g, x, y);
    h = madd(h, x, y);
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  e = f32x4.add(f32x4.add(e, f), f32x4.add(g, h));
  v128.store(at, f32x4.add(a, e), 32);
}

/** The same with 12 chains. */
export function chains12(at: usize, rounds: i32): void {
  const x = v128.load(at);
  const y = v128.load(at, 16);
  let a = x;
  let b = y;
  let c = x;
  let d = y;
  let e = x;
  let f = y;
  let g = x;
  let h = y;
  let i = x;
  let j = y;
  let k = x;
  let l = y;
  for (; rounds > 0; rounds--) {
    a = madd(a, x, y);
    b = madd(b, x, y);
    c = madd(c, x, y);
    d = madd(d, x, y);
    e = madd(e, x, y);
    f = madd(f, x, y);
    g = madd(g, x, y);
    h = madd(h, x, y);
    i = madd(i, x, y);
    j = madd(j, x, y);
    k = madd(k, x, y);
    l = madd(l, x, y);
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  e = f32x4.add(f32x4.add(e, f), f32x4.add(g, h));
  i = f32x4.add(f32x4.add(i, j), f32x4.add(k, l));
  v128.store(at, f32x4.add(f32x4.add(a, e), i), 32);
}

/**
 * `rounds` × 8 multiply-adds with the product off the chain, s ← s + w · x, as in a matrix product: two vectors
 * of weights and four of x a round, all in the first cache (4 kB from `at`).
 */
export function tile8(at: usize, rounds: i32): void {
  let a = v128.load(at);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (; rounds > 0; rounds--) {
    const p = at + ((rounds & 31) << 5);
    const w = v128.load(p);
    const v = v128.load(p, 16);
    let x = v128.load32_splat(p, 1040);
    a = madd(w, x, a);
    b = madd(v, x, b);
    x = v128.load32_splat(p, 1044);
    c = madd(w, x, c);
    d = madd(v, x, d);
    x = v128.load32_splat(p, 1048);
    e = madd(w, x, e);
    f = madd(v, x, f);
    x = v128.load32_splat(p, 1052);
    g = madd(w, x, g);
    h = madd(v, x, h);
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  e = f32x4.add(f32x4.add(e, f), f32x4.add(g, h));
  v128.store(at, f32x4.add(a, e), 4080);
}

/** Reads `bytes` (a multiple of 128) from `at`, in order, eight vectors at a time. */
export function read(at: usize, bytes: i32): void {
  const end = at + bytes;
  let p = at;
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (; p < end; p += 128) {
    a = v128.or(a, v128.load(p));
    b = v128.or(b, v128.load(p, 16));
    c = v128.or(c, v128.load(p, 32));
    d = v128.or(d, v128.load(p, 48));
    e = v128.or(e, v128.load(p, 64));
    f = v128.or(f, v128.load(p, 80));
    g = v128.or(g, v128.load(p, 96));
    h = v128.or(h, v128.load(p, 112));
  }
  a = v128.or(v128.or(a, b), v128.or(c, d));
  e = v128.or(v128.or(e, f), v128.or(g, h));
  v128.store(at, v128.or(a, e));
}
